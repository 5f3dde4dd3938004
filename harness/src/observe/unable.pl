# Reads paths of programs, each ended by a zero byte, and says of each that cannot be executed why: the path, a zero byte, the
# reason, a zero byte.
use strict;
use Cwd ();

my (%read, %whole, %on_path);
local $/ = "\0";
while (my $path = <STDIN>) {
    chomp $path;
    my $reason = reason($path);
    print "$path\0$reason\0" if defined $reason;
}

# Why a file cannot be executed, or undef.
sub reason {
    my ($path) = @_;
    my $file = Cwd::abs_path($path) // return undef;
    open my $handle, '<:raw', $file or return undef;
    read $handle, my $head, 4096;
    return script($1) if $head =~ /\A#![ \t]*([^\n]+)/;
    my $elf = elf($handle, $head) or return undef;
    return "its loader $elf->{loader} is not there" if $elf->{loader} ne '' && !-x $elf->{loader};
    return undef if $elf->{loader} eq '' || is_whole($file, $elf, '');
    # What was looked for may be found in another way: the loader itself knows.
    my $pid = open my $said, '-|';
    return undef unless defined $pid;
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        $ENV{LD_LIBRARY_PATH} = $ENV{SWITCHPROOF_LIBRARY_PATH} if ($ENV{SWITCHPROOF_LIBRARY_PATH} // '') ne '';
        exec { $elf->{loader} } $elf->{loader}, '--list', $file or exit 1;
    }
    local $/ = "\n";
    my @missing = map { /^\s*(\S+) => not found|loading shared libraries: ([^:\n]+):/ ? $1 // $2 : () } <$said>;
    close $said;
    return @missing ? "the library $missing[0] is not there" : undef;
}

sub script {
    my ($interpreter, $first) = split ' ', $_[0];
    return "its interpreter $interpreter is not there" unless -x $interpreter;
    return undef unless $interpreter eq '/usr/bin/env' && defined $first && $first !~ /^-|=/;
    $on_path{$first} //= grep { -x "$_/$first" } split /:/, $ENV{PATH};
    return $on_path{$first} ? undef : "its interpreter $first is not on PATH";
}

# Whether all libraries of a file are where it looks for them, those of its libraries included: in its own folders, and in
# those that what loads it hands on (DT_RPATH, joined by colons).
sub is_whole {
    my ($file, $elf, $handed) = @_;
    my $whole = \$whole{"$file\0$handed"};
    return $$whole if defined $$whole;
    $$whole = 1;
    (my $origin = $file) =~ s{/[^/]*\z}{};
    my ($own, $hands) = map { s/\$(?:ORIGIN|\{ORIGIN\})/$origin/gr } @$elf{qw(runpath rpath)};
    my %seen;
    $hands = join ':', grep { $_ ne '' && !$seen{$_}++ } split /:/, "$hands:$handed";
    for my $name (@{ $elf->{needed} }) {
        my ($found) = grep { -e } $name =~ m{/} ? $name : map { "$_/$name" } split /:/, "$hands:$own";
        my $library = defined $found ? library($found) : undef;
        return $$whole = 0 unless $library && is_whole(@$library, $hands);
    }
    return 1;
}

# A library's own path and what it says, or undef.
sub library {
    my ($found) = @_;
    return $read{$found} if exists $read{$found};
    $read{$found} = undef;
    my $path = Cwd::abs_path($found) // return undef;
    open my $handle, '<:raw', $path or return undef;
    read $handle, my $head, 4096;
    my $elf = elf($handle, $head) or return undef;
    return $read{$found} = [$path, $elf];
}

# The loader, the libraries and the folders that an ELF file of 64 bits names, or undef. Folders of DT_RPATH, which libraries
# inherit, do not count beside those of DT_RUNPATH.
sub elf {
    my ($handle, $head) = @_;
    return undef unless $head =~ /\A\x7fELF\x02\x01/;
    my ($at, $size, $count) = (unpack('x32 Q<', $head), unpack('x54 S< S<', $head));
    my (@loaded, $dynamic, $loader);
    for my $number (0 .. $count - 1) {
        my $header = bytes($handle, $at + $number * $size, 56) // return undef;
        my ($type, $flags, $offset, $address, undef, $bytes) = unpack 'L< L< Q<4', $header;
        push @loaded, [$address, $offset, $bytes] if $type == 1;
        $dynamic = bytes($handle, $offset, $bytes) // return undef if $type == 2;
        $loader = bytes($handle, $offset, $bytes) // return undef if $type == 3;
    }
    my %elf = (loader => ($loader // '') =~ s/\0.*//sr, needed => [], rpath => '', runpath => '');
    my @entries = unpack '(Q<2)*', $dynamic // '';
    my ($strings, @names);
    while (my ($tag, $value) = splice @entries, 0, 2) {
        last if $tag == 0;
        $strings = $value if $tag == 5;
        push @names, [$tag, $value] if $tag == 1 || $tag == 15 || $tag == 29;
    }
    return \%elf unless @names;
    my ($segment) = grep { defined $strings && $_->[0] <= $strings && $strings < $_->[0] + $_->[2] } @loaded;
    return undef unless $segment;
    for (@names) {
        my ($tag, $value) = @$_;
        my $name = bytes($handle, $strings - $segment->[0] + $segment->[1] + $value, 4096, 1) // return undef;
        $name =~ s/\0.*//s;
        if ($tag == 1) { push @{ $elf{needed} }, $name }
        else { $elf{ $tag == 15 ? 'rpath' : 'runpath' } = $name }
    }
    $elf{rpath} = '' if $elf{runpath} ne '';
    return \%elf;
}

sub bytes {
    my ($handle, $at, $count, $may_end) = @_;
    return undef if $count > 1 << 20;
    seek $handle, $at, 0 or return undef;
    my $read = read $handle, my $bytes, $count;
    return defined $read && ($may_end || $read == $count) ? $bytes : undef;
}
