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

sub inside {                # the target without . and ..; undef when it leaves $HOME
    my @parts;
    for my $p (split m{/+}, $_[0]) {
        next if $p eq "" || $p eq ".";
        if ($p eq "..") { return undef unless @parts; pop @parts; next }
        push @parts, $p;
    }
    return join "/", @parts;
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
sub mirror {
    my ($from, $to, $executable, $mode) = @_;
    make_path($to) unless -d $to;
    opendir my $h, $from or die "cannot read $from: $!\n";
    for my $name (sort grep { $_ ne "." && $_ ne ".." } readdir $h) {
        my ($s, $t) = ("$from/$name", "$to/$name");
        my $is_dir = -d $s && !($mode eq "ignorelinks" && -l $s);
        if ($is_dir) { mirror($s, $t, $executable, $mode) }
        elsif (!-e $t && !-l $t) { place($s, $t, $executable) }
    }
}

while (@lines) {
    my ($source, $target, $executable, $recursive) = splice @lines, 0, 4;
    my $rel = inside($target);
    if (!defined $rel || $target =~ m{^/}) { print STDERR "Error installing file '$target' outside \$HOME\n"; exit 1 }
    my $path = "$out/$rel";
    if ((-e $path || -l $path) && !-d $path) { print STDERR "$target conflicts with recursively symlinked file\n"; next }
    parent($path);
    if (-d $source) {
        if ($recursive) { mirror($source, $path, $executable, $recursive) }
        else { symlink $source, $path or die "cannot link $path: $!\n" }
    } else {
        place($source, $path, $executable);
    }
}
