# Makes $out the tree of links that a home's generation consists of.
use strict;
use warnings;
use File::Path qw(make_path);
use File::Copy qw(copy);
use Cwd ();

my $out = $ENV{out};
open my $in, "<", $ENV{entriesPath} or die "cannot read the list of files: $!\n";
chomp(my @lines = <$in>);
mkdir $out or die "cannot make $out: $!\n";
my $real_out = Cwd::abs_path($out);

sub inside {                # the target without . and ..; undef when it leaves $HOME
    my @parts;
    for my $p (split m{/+}, $_[0]) {
        next if $p eq "" || $p eq ".";
        if ($p eq "..") { return undef unless @parts; pop @parts; next }
        push @parts, $p;
    }
    return join "/", @parts;
}
sub physical {              # where a path really leads; what is not there yet is taken as it is
    my ($path, $rest) = ($_[0], "");
    until (-e $path || -l $path) { $path =~ s{(/[^/]*)$}{} or last; $rest = "$1$rest" }
    if (-l $path && !-e $path) {    # a link to what is not there
        my $to = readlink $path;
        $to = $path =~ s{[^/]*$}{}r . $to unless $to =~ m{^/};
        return physical($to) . $rest;
    }
    return (Cwd::abs_path($path) // $path) . $rest;
}
sub parent { my ($p) = @_; $p =~ s{/[^/]*$}{}; make_path($p) unless -d $p }

sub place {                 # a link, or a copy when the execute bit must differ
    my ($source, $target, $executable) = @_;
    my $is = -x $source ? "yes" : "no";
    if ($executable eq "inherit" || $executable eq $is) {
        symlink $source, $target or die "cannot link $target: $!\n";
    } else {
        copy($source, $target) or die "cannot copy $source: $!\n";
        chmod $executable eq "yes" ? 0555 : 0444, $target;
    }
}
sub mirror {                # links only: the execute bit stays that of the source
    my ($from, $to, $mode) = @_;
    make_path($to) unless -d $to;
    opendir my $h, $from or die "cannot read $from: $!\n";
    for my $name (sort grep { $_ ne "." && $_ ne ".." } readdir $h) {
        my ($s, $t) = ("$from/$name", "$to/$name");
        my $is_dir = -d $s && !($mode eq "ignorelinks" && -l $s);
        if ($is_dir) { mirror($s, $t, $mode) }
        elsif (!-e $t && !-l $t) { place($s, $t, "inherit") }
    }
}
sub outside { print STDERR "Error installing file '$_[0]' outside \$HOME\n"; exit 1 }

while (@lines) {
    my ($source, $target, $executable, $recursive) = splice @lines, 0, 4;
    my $rel = inside($target) // outside($target);
    my $path = "$out/$rel";
    if (-e $path && !($ENV{intoDirectories} && -d $path)) {
        print STDERR $ENV{intoDirectories} ? "$target conflicts with recursively symlinked file\n" : "File conflict for file '$target'\n";
        next;
    }
    # A parent that is a link leads into a source, where nothing may be written.
    outside($target) unless index(physical($path) . "/", "$real_out/") == 0;
    parent($path);
    if (-d $source) {
        if ($recursive) { mirror($source, $path, $recursive) }
        else { symlink $source, $path or die "cannot link $path: $!\n" }
    } else {
        place($source, $path, $executable);
    }
}
