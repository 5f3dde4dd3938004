# packages.pl PROFILE VERSIONED FILES ROOT...: for each profile the store paths that it is made of, through the links of
# profiles that are made of profiles, and an empty field. Into FILES the paths of what those of them hold besides programs
# that the setup itself made: they are no package of anybody's, for their names have no version. Home Manager's manual says
# nothing of a setup. One process: under emulation the tools of a shell would take half a second.
use strict;
use Cwd ();
my ($profile, $versioned, $files, @roots) = splice @ARGV;
my $store = '/nix/store/';

# Where a path ends, or nothing.
sub end_of {
    my $end = Cwd::realpath(shift);
    return defined $end && -e $end ? $end : ();
}

# Hands every path below a directory that is no directory itself to the code, and looks into no directory called SKIP.
sub walk {
    my ($top, $skip, $code) = @_;
    my @left = ($top);
    while (defined(my $path = pop @left)) {
        if (-l $path || !-d _) { $code->($path); next }
        opendir my $dir, $path or next;
        push @left, map { "$path/$_" } grep { $_ ne '.' && $_ ne '..' && $_ ne $skip } readdir $dir;
    }
}

my %all;
for my $root (@roots) {
    my %made;
    my @targets = grep { m{\A$store} } end_of($root);
    for my $round (1 .. 4) {
        my %level = map { $_ => 1 } grep { m{$profile} } @targets;
        $made{$_} = 1 for grep { !m{$profile} } @targets;
        @targets = ();
        for my $path (keys %level) {
            my $target = readlink $path;
            if (defined $target) { push @targets, grep { m{\A$store} } $target; next }
            # What is no link itself may be behind one, and so in a package.
            ($target) = end_of($path) or next;
            if ($target !~ m{$profile}) { push @targets, $target; next }
            walk($target, '', sub {
                my $link = readlink $_[0];
                push @targets, $link if defined $link && $link =~ m{\A$store} && $link !~ m{-env-manifest\.nix\z};
            });
        }
    }
    my %paths = map { m{\A($store[^/]+)} ? ($1 => 1) : () } keys %made;
    print map { "$_\0" } sort keys %paths;
    print "\0";
    @all{keys %paths} = ();
}
open my $list, '>', $files or die;
for my $path (grep { !m{$versioned} && !m{-home-configuration-reference-manpage\z} } sort keys %all) {
    walk($path, 'bin', sub { print $list "$_[0]\0" });
}
close $list or die;
