# test/t/notices.pl: what a person at a terminal sees of a training with hadvice.progress on: a bar that
# grows, at most twenty lines of it, and the time left.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Session;
use Test::More;

my $admin = Session->new(name => 'admin');
$admin->sql('DROP DATABASE IF EXISTS hadvice_notices WITH (FORCE)');
$admin->sql('CREATE DATABASE hadvice_notices');
my $session = Session->new(dbname => 'hadvice_notices', name => 'terminal');
$session->sql('CREATE EXTENSION hadvice');
$session->sql('CREATE TABLE people AS SELECT 165 + 5 * sin(i) AS height, 70 + 9 * cos(i * 0.7) AS weight FROM generate_series(1, 400) AS i');

sub lines
{
	my ($options) = @_;
	$session->errors;
	$session->sql("SELECT FROM vae_train('people', hidden => '{4}', $options)");
	return grep { /NOTICE:  epoch/ } split /\n/, $session->errors;
}

is scalar lines('epochs => 10'), 0, 'off: nothing';
$session->sql('SET hadvice.progress = on');
for my $case ([10, '', 'held out -?[\d.]+, '], [300, '', 'held out -?[\d.]+, '], [5, ', validation_fraction => 0', ''])
{
	my ($epochs, $options, $held) = @$case;
	my @lines = lines("epochs => $epochs$options");
	cmp_ok scalar @lines, '<=', 21, "$epochs epochs: not too many lines";
	cmp_ok scalar @lines, '>=', $epochs < 20 ? $epochs : 20, "$epochs epochs: not too few";
	is scalar(grep { !/^NOTICE:  epoch \d+ of $epochs \[#*\.*\] ELBO -?[\d.]+, $held[\d.]+ s, [\d.]+ s left$/ } @lines), 0, "$epochs epochs: each with all there is to say"
	  or diag join "\n", @lines;
	my @bars = map { /\[(#*)/ ? length $1 : () } @lines;
	is_deeply \@bars, [sort { $a <=> $b } @bars], "$epochs epochs: the bar grows";
	is $bars[-1], 20, "$epochs epochs: to its end";
	like $lines[-1], qr/epoch $epochs of $epochs .* 0\.0 s left$/, "$epochs epochs: where no time is left";
}

$session->close;
$admin->sql('DROP DATABASE hadvice_notices');
$admin->close;
done_testing;
