#!/usr/bin/perl
# The harness's hands inside the guest. One process that lives as long as the machine, started through the QEMU
# guest agent before the first freeze, so that every fork already has it running: a command then costs one exec
# here, not a chain of agent calls. Perl, because perl-base is essential on every Debian.
#
# Frames on the control port, both ways: type (1 byte), job id (u32, big endian), length (u32, big endian), payload.
#   host to guest   E execute, payload: NUL-separated key=value fields   K kill the job with all its children
#                   I standard input of a job whose stdin is live, as it is typed
#                   W wake after a fork, payload: seconds, nanoseconds (u64 each), fresh entropy
#                   P ping
#   guest to host   R ready   o standard output   e standard error   w woken   p ping's answer
#                   X ended, payload: 0 exited, 1 signalled or 2 killed here for output without an end (u8), status or
#                     signal (u8), dropped bytes (u64), processes that the kernel killed for want of memory (u32), bytes
#                     and files for which the disk has room (u64 each)
# The bulk port carries one job's standard output (length-prefixed pieces, an empty one ends it) or standard input
# (raw, as many bytes as the request says).
#
# Commands never hold a port themselves: they write to pipes that are read here. So what they print cannot forge a
# frame, and children that they leave in the background hold up nobody.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR EPIPE);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK O_RDWR O_WRONLY);
use POSIX qw(WNOHANG WIFEXITED WEXITSTATUS WTERMSIG);

use constant {
    PIECE_BYTES      => 32 * 1024 - 16,    # a virtio console port takes 32 KiB a write
    PAYLOAD_MAX      => 1024 * 1024,
    PIPE_BYTES       => 256 * 1024,
    DROPPED_MAX      => 256 * 1024 * 1024, # a command that prints so much beyond its limit prints for ever
    F_SETPIPE_SZ     => 1031,
    SYS_PIDFD_OPEN   => 434,               # the same number on every architecture
    RNDADDENTROPY    => 0x40085203,
    RNDRESEEDCRNG    => 0x5207,
};
my $machine = (POSIX::uname())[4];
my %SYS_CLOCK_SETTIME = (x86_64 => 227, aarch64 => 112);
my %SYS_STATFS        = (x86_64 => 137, aarch64 => 43);

my ($control, $bulk) = map { open_port("switchproof.$_") } qw(control bulk);
my $cgroup = own_cgroup();
my $received = '';    # bytes of the control port that are not yet a whole frame
my $job;              # the running command, or undef
my $prepared;         # the process that waits for the next command
my $cgroups = 0;      # how many control groups have been made
my @abandoned;        # read ends of pipes that background children still hold: read and dropped
my $oom_kills = oom_kills();    # how many the kernel had counted when the last command ended

$SIG{PIPE} = 'IGNORE';
$0 = 'switchproof-supervisor';
$prepared = prepare();
send_frame('R', 0, "1 $$");
while (1) { turn() }

# By the name that the kernel says: links to the ports are made by a guest's own rules, at a time of its own.
sub open_port {
    my ($name) = @_;
    for my $told (glob '/sys/class/virtio-ports/*/name') {
        open(my $file, '<', $told) or next;
        next if (<$file> // '') ne "$name\n";
        my $path = '/dev/' . (split m{/}, $told)[-2];
        sysopen(my $port, $path, O_RDWR) or die "$path: $!\n";
        return $port;
    }
    die "no port $name\n";
}

sub own_cgroup {
    open(my $file, '<', '/proc/self/cgroup') or return undef;
    my ($path) = <$file> =~ /^0::(.*)$/ or return undef;
    return "/sys/fs/cgroup$path";
}

# Waits for whatever comes next and handles it.
sub turn {
    my ($readable, $writable) = ('', '');
    vec($readable, fileno $control, 1) = 1;
    vec($readable, fileno $_, 1) = 1 for @abandoned;
    if ($job) {
        vec($readable, $job->{pidfd}, 1) = 1 if defined $job->{pidfd};
        vec($readable, fileno $job->{$_}, 1) = 1 for grep { $job->{$_} } qw(out err);
        # The command's input goes from the bulk port through a buffer of one piece.
        vec($writable, fileno $job->{in}, 1) = 1 if $job->{in} && length $job->{fed};
        vec($readable, fileno $bulk, 1) = 1 if $job->{unfed} && !length $job->{fed};
    }
    return if select($readable, $writable, undef, undef) < 0;
    @abandoned = grep { !vec($readable, fileno $_, 1) || keep_dropping($_) } @abandoned;
    if ($job) {
        forward($_) for grep { $job->{$_} && vec($readable, fileno $job->{$_}, 1) } qw(out err);
        fetch_input() if $job->{unfed} && vec($readable, fileno $bulk, 1);
        feed() if $job->{in} && length $job->{fed} && vec($writable, fileno $job->{in}, 1);
        reap() if defined $job->{pidfd} && vec($readable, $job->{pidfd}, 1);
        finish() if defined $job->{status} && !$job->{unfed};
    }
    receive() if vec($readable, fileno $control, 1);
}

sub receive {
    my $count = sysread($control, $received, 65536, length $received);
    # Zero: the host's end is closed for a moment, as it is between a freeze and a fork.
    return select(undef, undef, undef, 0.05) if !$count;
    while (length $received >= 9) {
        my ($type, $id, $length) = unpack('a N N', $received);
        die "a frame of $length bytes\n" if $length > PAYLOAD_MAX;
        last if length $received < 9 + $length;
        my $payload = substr($received, 9, $length);
        substr($received, 0, 9 + $length, '');
        if    ($type eq 'E') { start($id, $payload) }
        elsif ($type eq 'K') { kill_tree() if $job && $job->{id} == $id }
        elsif ($type eq 'I') { $job->{fed} .= $payload if $job && $job->{id} == $id && $job->{in} }
        elsif ($type eq 'W') { send_frame('w', $id, wake($payload)) }
        elsif ($type eq 'P') { send_frame('p', $id, $payload) }
        else                 { die "a frame of type $type\n" }
    }
}

sub send_frame {
    my ($type, $id, $payload) = @_;
    write_all($control, pack('a N N', $type, $id, length $payload) . $payload);
}

sub write_all {
    my ($port, $data) = @_;
    my $written = 0;
    while ($written < length $data) {
        my $count = syswrite($port, $data, length($data) - $written, $written);
        if ($count) { $written += $count }
        elsif (!defined $count && $! != EINTR && $! != EAGAIN) { die "a port: $!\n" }
        else { select(undef, undef, undef, 0.01) }
    }
}

# Gives a request to the process that waits for one. That process was forked while the last command ran: under
# emulation a fork takes as long as all the rest.
sub start {
    my ($id, $payload) = @_;
    my %field = map { split /=/, $_, 2 } grep { /^(?:limit|stdin|stdout)=/ } split /\0/, $payload;
    my $waiting = $prepared // prepare();
    while (!write_order($waiting->{order}, $payload)) {    # killed by an earlier command
        waitpid $waiting->{pid}, 0;
        $waiting = prepare();
    }
    my $pidfd = syscall(SYS_PIDFD_OPEN, $waiting->{pid}, 0);
    die "pidfd_open: $!\n" if $pidfd < 0;
    fcntl($waiting->{out}, F_SETPIPE_SZ, PIPE_BYTES) if $field{stdout} eq 'bulk';
    fcntl($waiting->{in},  F_SETPIPE_SZ, PIPE_BYTES) if $field{stdin};
    $job = {
        id => $id, pid => $waiting->{pid}, pidfd => $pidfd, cgroup => $waiting->{cgroup},
        out => $waiting->{out}, err => $waiting->{err}, in => $waiting->{in}, fed => '',
        live => $field{stdin} eq 'live', unfed => $field{stdin} eq 'live' ? 0 : $field{stdin},
        bulk => $field{stdout} eq 'bulk', left => $field{limit}, dropped => 0,
    };
    end_input() if !$field{stdin};
    $prepared = prepare();
}

sub write_order {
    my ($order, $payload) = @_;
    my $message = pack('N', length $payload) . $payload;
    my $written = 0;
    while ($written < length $message) {
        my $count = syswrite($order, $message, length($message) - $written, $written);
        return 0 if !defined $count && $! != EINTR;
        $written += $count // 0;
    }
    close $order;
    return 1;
}

# Forks a process that waits for a request and turns into its command.
sub prepare {
    pipe(my $in_read,    my $in_write)    or die "pipe: $!\n";
    pipe(my $out_read,   my $out_write)   or die "pipe: $!\n";
    pipe(my $err_read,   my $err_write)   or die "pipe: $!\n";
    pipe(my $order_read, my $order_write) or die "pipe: $!\n";
    my $job_cgroup = make_cgroup();
    my $pid = fork() // die "fork: $!\n";
    if (!$pid) {
        # Whoever holds a write end keeps its reader from seeing an end.
        close $_ for $control, $bulk, $in_write, $out_read, $err_read, $order_write, @abandoned;
        close $_ for grep { $_ } map { $job->{$_} } $job ? qw(in out err) : ();
        put("$job_cgroup/cgroup.procs", "0") if defined $job_cgroup;
        put('/proc/self/oom_score_adj', "0");
        POSIX::setsid();
        become(read_order($order_read), $in_read, $out_write, $err_write);
    }
    close $_ for $in_read, $out_write, $err_write, $order_read;
    fcntl($_, F_SETFL, fcntl($_, F_GETFL, 0) | O_NONBLOCK) for $out_read, $err_read, $in_write;
    return {
        pid => $pid, cgroup => $job_cgroup, order => $order_write,
        in => $in_write, out => $out_read, err => $err_read,
    };
}

# In the child: the request, once it comes.
sub read_order {
    my ($order) = @_;
    my $message = '';
    while (length $message < 4 || length $message < 4 + unpack('N', $message)) {
        my $count = sysread($order, $message, 65536, length $message);
        POSIX::_exit(0) if defined $count ? !$count : $! != EINTR;
    }
    return substr($message, 4);
}

# In the child: takes on the command's surroundings and turns into it.
sub become {
    my ($payload, $in, $out, $err) = @_;
    my ($cwd, $stdin, @argv, %env);
    for (split /\0/, $payload) {
        my ($key, $value) = split /=/, $_, 2;
        if    ($key eq 'arg')   { push @argv, $value }
        elsif ($key eq 'env')   { my ($name, $text) = split /=/, $value, 2; $env{$name} = $text }
        elsif ($key eq 'cwd')   { $cwd = $value }
        elsif ($key eq 'stdin') { $stdin = $value }
    }
    $SIG{PIPE} = 'DEFAULT';
    if (!$stdin) { open($in, '<', '/dev/null') or POSIX::_exit(126) }
    POSIX::dup2(fileno $in,  0);
    POSIX::dup2(fileno $out, 1);
    POSIX::dup2(fileno $err, 2);
    umask 022;
    my $problem;
    if (!chdir $cwd) { $problem = "cannot enter $cwd: $!" }
    else {
        %ENV = (PATH => $ENV{PATH}, %env);
        no warnings 'exec';
        exec { $argv[0] } @argv;
        $problem = "cannot execute $argv[0]: $!";
    }
    my $status = $!{ENOENT} ? 127 : 126;
    syswrite(STDERR, "switchproof: $problem\n");
    POSIX::_exit($status);
}

sub put {
    my ($path, $text) = @_;
    sysopen(my $file, $path, O_WRONLY) or return;
    syswrite($file, $text);
}

# Each command gets a control group of its own, so that it can be killed with everything that it started.
sub make_cgroup {
    return undef if !defined $cgroup;
    rmdir $_ for glob "$cgroup/job-*";    # fails, as it should, where anything lives on
    $cgroups++;
    return mkdir("$cgroup/job-$cgroups") ? "$cgroup/job-$cgroups" : undef;
}

# Passes on what a command has written; returns false when nothing is there now.
sub forward {
    my ($name) = @_;
    my $count = sysread($job->{$name}, my $data, PIECE_BYTES);
    if (!$count) {
        return 0 if !defined $count && ($! == EAGAIN || $! == EINTR);
        close delete $job->{$name};
        return 0;
    }
    if ($count > $job->{left}) {
        $job->{dropped} += $count - $job->{left};
        $data = substr($data, 0, $job->{left});
        if ($job->{dropped} > DROPPED_MAX && !$job->{endless}) { $job->{endless} = 1; kill_tree() }
    }
    $job->{left} -= length $data;
    return 1 if !length $data;
    if ($job->{bulk} && $name eq 'out') { write_all($bulk, pack('N', length $data) . $data) }
    else { send_frame($name eq 'out' ? 'o' : 'e', $job->{id}, $data) }
    return 1;
}

sub fetch_input {
    my $wanted = $job->{unfed} < PIECE_BYTES ? $job->{unfed} : PIECE_BYTES;
    my $count = sysread($bulk, my $data, $wanted);
    return select(undef, undef, undef, 0.01) if !$count;
    $job->{unfed} -= $count;
    $job->{fed} = $data if $job->{in};
    end_input() if !$job->{unfed} && !length $job->{fed};
}

sub feed {
    my $count = syswrite($job->{in}, $job->{fed});
    if (!defined $count) {
        return if $! == EAGAIN || $! == EINTR;
        $job->{fed} = '';    # nobody reads any more; the rest is fetched and dropped
        return end_input();
    }
    substr($job->{fed}, 0, $count, '');
    end_input() if !$job->{unfed} && !length $job->{fed} && !$job->{live};
}

sub end_input { close delete $job->{in} if $job->{in} }

sub reap {
    return if waitpid($job->{pid}, WNOHANG) != $job->{pid};
    $job->{status} = $?;
    POSIX::close(delete $job->{pidfd});
}

# What the command itself had written is in the pipes by now; what its background children write later is dropped.
sub finish {
    for my $name (grep { $job->{$_} } qw(out err)) {
        # Bounded, for a background child may write faster than this reads.
        for (1 .. 2 * PIPE_BYTES / PIECE_BYTES) { last if !$job->{$name} || !forward($name) }
        push @abandoned, delete $job->{$name} if $job->{$name};
    }
    end_input();
    write_all($bulk, pack('N', 0)) if $job->{bulk};
    my $status = $job->{status};
    my @ending = WIFEXITED($status) ? (0, WEXITSTATUS($status)) : (1, WTERMSIG($status));
    $ending[0] = 2 if $job->{endless};
    my ($id, $dropped) = @$job{qw(id dropped)};
    undef $job;
    my $before = $oom_kills;
    $oom_kills = oom_kills();
    send_frame('X', $id, pack('C C Q> N Q> Q>', @ending, $dropped, $oom_kills - $before, disk_room()));
}

sub oom_kills {
    open(my $file, '<', '/proc/vmstat') or return 0;
    while (<$file>) { return $1 if /^oom_kill (\d+)/ }
    return 0;
}

# Bytes and files for which the disk has room: as much as can be said where the kernel does not tell.
sub disk_room {
    # Perl takes no literal here, for a call could write to it.
    my ($root, $answer, $call) = ('/', "\0" x 256, $SYS_STATFS{$machine});
    return (~0, ~0) if !defined $call || syscall($call, $root, $answer) < 0;
    my ($block_bytes, $blocks, $files) = (unpack('q8', $answer))[1, 4, 6];
    return ($block_bytes * $blocks, $files);
}

sub keep_dropping {
    my ($pipe) = @_;
    my $count = sysread($pipe, my $data, 65536);
    return $count || (!defined $count && ($! == EAGAIN || $! == EINTR));
}

# A login session moves itself out of our control group into a scope of its own: follow the parent links too.
sub kill_tree {
    my %children;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open(my $file, '<', $stat) or next;
        my ($pid, $parent) = (<$file> // '') =~ /^(\d+) \(.*\) \S (\d+)/s or next;
        push @{ $children{$parent} }, $pid;
    }
    my @tree = $job->{pid};
    for (my $at = 0; $at < @tree; $at++) { push @tree, @{ $children{ $tree[$at] } // [] } }
    my %scope;
    for my $pid (@tree) {
        open(my $file, '<', "/proc/$pid/cgroup") or next;
        my ($path) = (<$file> // '') =~ /^0::(.*)$/ or next;
        $scope{"/sys/fs/cgroup$path"} = 1 if $path =~ m{/session-[^/]+\.scope$};
    }
    put("$_/cgroup.kill", "1") for grep { defined } $job->{cgroup}, keys %scope;
    kill 'KILL', @tree;
}

# After a fork: sets the clock and makes the kernel's random numbers differ from every other fork's.
sub wake {
    my ($payload) = @_;
    my ($seconds, $nanoseconds) = unpack('Q> Q>', $payload);
    my $entropy = substr($payload, 16);
    sysopen(my $random, '/dev/urandom', O_RDWR) or return "/dev/urandom: $!";
    # RNDADDENTROPY is fastest to reach the pool; the reseed makes every processor's generator take it up now.
    ioctl($random, RNDADDENTROPY, pack('i i a*', 8 * length $entropy, length $entropy, $entropy))
        or return "RNDADDENTROPY: $!";
    ioctl($random, RNDRESEEDCRNG, 0) or return "RNDRESEEDCRNG: $!";
    my $call = $SYS_CLOCK_SETTIME{$machine} // return 'clock_settime has no number for this machine';
    my $time = pack('q q', $seconds, $nanoseconds);
    return syscall($call, 0, $time) < 0 ? "clock_settime: $!" : '';
}
