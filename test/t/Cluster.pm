# test/t/Cluster.pm: a server of a test's own, for what must not happen to the shared one: kill -9, a
# standby, a restart. Like script/cluster it lives in a private folder with a socket and runs as an
# unprivileged user when the test runs as root; it is stopped and removed when the object goes.
#
#   my $primary = Cluster->new;                      # initdb and start
#   my $standby = Cluster->standby($primary);        # pg_basebackup and start, streaming
#   my $session = $primary->session(dbname => 'x');  # a Session (Session.pm)
#   $primary->kill9;                                 # the postmaster; its children are left alone
#   $primary->start;                                 # dies with the log when it does not come up
#   my $text = $primary->run('pg_dump', ...);        # a client program: output and exit code
#
# Commits are on disk when they are acknowledged, as far as the kernel lives: what the tests kill is
# processes.
package Cluster;

use strict;
use warnings;
use File::Temp;
use Session;
use Time::HiRes qw(sleep time);

chomp(my $bindir = qx($ENV{PG_CONFIG} --bindir)) if $ENV{PG_CONFIG};
chomp($bindir = qx(pg_config --bindir)) unless $bindir;

sub bindir { return $bindir }

# A test that runs out of time is sent a signal: it takes its servers with it.
$SIG{$_} = sub { exit 1 } for qw(TERM INT HUP);

# As the server's user, in its folder. Returns the process's exit code.
sub as_server
{
	my ($self, @command) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid)
	{
		chdir $self->{folder} or die "$self->{folder}: $!";
		delete @ENV{grep { /^PG/ && $_ ne 'PGHOST' } keys %ENV};
		$ENV{HOME} = $self->{folder};
		if ($> == 0)
		{
			my $owner = getpwnam('postgres') ? 'postgres' : 'nobody';
			@command = ('setpriv', '--reuid', $owner, '--regid', (getpwnam $owner)[3], '--clear-groups', @command);
		}
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', "$self->{folder}/log" or die "log: $!";
		open STDERR, '>&', \*STDOUT;
		exec @command or die "$command[0]: $!";
	}
	waitpid $pid, 0;
	return $? >> 8;
}

sub make_folder
{
	my ($class) = @_;
	# not TMPDIR: it may be out of that user's reach, or too long for a socket's name
	my $self = bless {folder => File::Temp::tempdir('hadvice.XXXXXX', DIR => '/tmp')}, $class;
	chown((getpwnam(getpwnam('postgres') ? 'postgres' : 'nobody'))[2, 3], $self->{folder}) if $> == 0;
	return $self;
}

sub configure
{
	my ($self, @lines) = @_;
	open my $file, '>>', "$self->{folder}/data/postgresql.auto.conf" or die "configuration: $!";
	print $file "$_\n" for "listen_addresses = ''", "unix_socket_directories = '$self->{folder}'", 'port = 5432', 'fsync = off',
	  "shared_buffers = '16MB'", 'restart_after_crash = on', "timezone = 'UTC'", @lines;
}

sub new
{
	my ($class, @lines) = @_;
	my $self = $class->make_folder;
	$self->as_server("$bindir/initdb", '-D', "$self->{folder}/data", qw(-U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions)) == 0
	  or die "initdb failed\n" . $self->log;
	$self->configure(@lines);
	$self->start;
	return $self;
}

sub standby
{
	my ($class, $primary) = @_;
	my $self = $class->make_folder;
	$self->as_server("$bindir/pg_basebackup", '-h', $primary->{folder}, qw(-U postgres -p 5432 -R -X stream -c fast --no-sync -D), "$self->{folder}/data") == 0
	  or die "pg_basebackup failed\n" . $self->log;
	$self->configure('hot_standby = on');
	$self->start;
	return $self;
}

sub log
{
	my ($self) = @_;
	my $text = '';
	for my $name (qw(log server.log))
	{
		open my $file, '<', "$self->{folder}/$name" or next;
		$text .= join '', <$file>;
	}
	return $text;
}

sub start
{
	my ($self) = @_;
	$self->as_server("$bindir/pg_ctl", '-D', "$self->{folder}/data", '-l', "$self->{folder}/server.log", '-t', 60, '-w', '-s', 'start') == 0
	  or die "the server did not start\n" . $self->log;
}

sub postmaster
{
	my ($self) = @_;
	open my $file, '<', "$self->{folder}/data/postmaster.pid" or return 0;
	return scalar <$file> + 0;
}

sub kill9
{
	my ($self) = @_;
	my $pid = $self->postmaster;
	kill 9, $pid or die "kill -9 $pid: $!";
}

# Waits until it takes connections again, as after the crash of a backend.
sub ready
{
	my ($self) = @_;
	my $until = time + 60;
	until (system("$bindir/pg_isready", '-q', '-h', $self->{folder}, '-p', 5432) == 0)
	{
		die "the server is not back\n" . $self->log if time > $until;
		sleep 0.05;
	}
}

sub environment
{
	my ($self) = @_;
	return (PGHOST => $self->{folder}, PGPORT => 5432, PGUSER => 'postgres', PGDATABASE => 'postgres');
}

sub session
{
	my ($self, %options) = @_;
	local %ENV = (%ENV, $self->environment);
	local $ENV{PGUSER} = $options{user} if $options{user};
	return Session->new(%options);
}

sub run
{
	my ($self, @command) = @_;
	local %ENV = (%ENV, $self->environment);
	open my $pipe, '-|', "$bindir/" . join(' ', map { "'$_'" } @command) . ' 2>&1' or die "$command[0]: $!";
	my $text = join '', <$pipe>;
	close $pipe;
	return wantarray ? ($text, $? >> 8) : $text;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);
	my $pid = $self->postmaster;
	kill 'QUIT', $pid if $pid;
	for (1 .. 100)
	{
		last unless $pid && kill 0, $pid;
		sleep 0.05;
	}
	system 'rm', '-rf', $self->{folder};
}

1;
