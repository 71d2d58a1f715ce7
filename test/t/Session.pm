# test/t/Session.pm: a psql that stays open, for the TAP tests: one session that a test can leave
# waiting while another one looks at it or cancels it. Perl's own modules only.
#
#   my $session = Session->new(dbname => 'x');
#   my $answer = $session->sql('SELECT 1');      # the output, unaligned; dies when it takes too long
#   $session->start('SELECT pg_sleep(60)');      # returns at once
#   my $answer = $session->finish(10);           # … and this waits for it
#   my $message = $session->errors;              # what went to stderr since the last look
#
# The server is the one of PGHOST and PGPORT (script/cluster sets them).
package Session;

use strict;
use warnings;
use File::Temp;
use IO::Select;
use IPC::Open3;
use Time::HiRes qw(time);

sub new
{
	my ($class, %options) = @_;
	my $self = bless {errors => File::Temp->new, answers => 0, buffer => '', read => 0}, $class;
	local $ENV{PGDATABASE} = $options{dbname} || $ENV{PGDATABASE};
	local $ENV{PGAPPNAME} = $options{name} || 'session';
	my $errors = ">&" . fileno($self->{errors});
	$self->{process} = open3($self->{in}, $self->{out}, $errors, qw(psql -X -q -A -t));
	$self->{in}->autoflush(1);
	return $self;
}

sub start
{
	my ($self, $query) = @_;
	my $number = ++$self->{answers};
	print {$self->{in}} "$query;\n\\echo answer $number ends\n";
}

# Returns what the query printed; undef when it has not ended after so many seconds.
sub finish
{
	my ($self, $seconds) = @_;
	my $end = "answer $self->{answers} ends\n";
	my $select = IO::Select->new($self->{out});
	my $until = time + $seconds;
	while ((my $position = index $self->{buffer}, $end) < 0)
	{
		my $left = $until - time;
		return undef if $left <= 0 || !$select->can_read($left);
		return undef
		  unless sysread $self->{out}, $self->{buffer}, 65536, length $self->{buffer};
	}
	my $answer = substr $self->{buffer}, 0, index($self->{buffer}, $end);
	$self->{buffer} = '';
	chomp $answer;
	return $answer;
}

sub sql
{
	my ($self, $query) = @_;
	$self->start($query);
	my $answer = $self->finish(120);
	die "no answer to: $query\n" . $self->errors unless defined $answer;
	return $answer;
}

sub errors
{
	my ($self) = @_;
	open my $file, '<', $self->{errors}->filename or die "stderr of psql: $!";
	seek $file, $self->{read}, 0;
	my $text = join '', <$file>;
	$self->{read} = tell $file;
	return $text;
}

sub close
{
	my ($self) = @_;
	close $self->{in};
	waitpid $self->{process}, 0;
}

1;
