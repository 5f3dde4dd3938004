# Makes $out a tree of links over the store paths in $chosen.
use strict;
use warnings;

my $out = $ENV{out} . ($ENV{extraPrefix} // "");
my @chosen = map { [split / /, $_, 2] } split /\n/, $ENV{chosen};
my @wanted = split /\n/, $ENV{pathsToLink};
my (%seen, %link, %dir);    # relative path -> [target, priority]; directories to make

sub wanted {                # is this path, or one under it, asked for?
    my ($rel) = @_;
    for my $w (@wanted) {
        return 1 if $w eq "/" || $rel eq "" || "/$rel" eq $w;
        return 1 if index("/$rel/", "$w/") == 0 || index("$w/", "/$rel/") == 0;
    }
    return 0;
}
sub below {                 # wholly asked for?
    my ($rel) = @_;
    for my $w (@wanted) { return 1 if $w eq "/" || index("/$rel/", "$w/") == 0 }
    return 0;
}
sub same {
    my ($a, $b) = @_;
    return 0 unless -f $a && -f $b && -s $a == -s $b && ((-x $a) xor (-x $b)) == 0;
    local $/;
    open my $fa, "<", $a or return 0;
    open my $fb, "<", $b or return 0;
    return <$fa> eq <$fb>;
}
sub entries {
    my ($d) = @_;
    opendir my $h, $d or die "cannot read '$d': $!\n";
    return sort grep { $_ ne "." && $_ ne ".." } readdir $h;
}

# One link to a directory suffices as long as one package alone has it.
sub add {
    my ($rel, $target, $priority) = @_;
    return unless wanted($rel);
    return if $rel =~ m{(^|/)(propagated-build-inputs|nix-support|perllocal\.pod|log)$} && $rel !~ m{^share/};
    return if $rel =~ m{^share/(info/dir|mime/types)$};
    my $is_dir = -d $target;
    if ($dir{$rel}) {
        if (!$is_dir) { collide($target, $dir{$rel}, "") if 0; return; }
        add($rel eq "" ? $_ : "$rel/$_", "$target/$_", $priority) for entries($target);
        return;
    }
    my $old = $link{$rel};
    if (!$old) {
        if ($is_dir && ($rel eq "" || !below($rel))) {
            $dir{$rel} = $target;
            add($rel eq "" ? $_ : "$rel/$_", "$target/$_", $priority) for entries($target);
        } else {
            $link{$rel} = [$target, $priority];
        }
        return;
    }
    my ($old_target, $old_priority) = @$old;
    return if $old_target eq $target;
    if ($is_dir && -d $old_target) {
        delete $link{$rel};
        $dir{$rel} = $old_target;
        add("$rel/$_", "$old_target/$_", $old_priority) for entries($old_target);
        add("$rel/$_", "$target/$_", $priority) for entries($target);
        return;
    }
    return if $old_priority < $priority;
    if ($priority < $old_priority) { $link{$rel} = [$target, $priority]; return }
    return if $ENV{checkCollisionContents} && same($old_target, $target);
    my $words = "two given paths contain a conflicting subpath:\n  `$target' and\n  `$old_target'";
    if ($ENV{ignoreCollisions}) { warn "pkgs.buildEnv warning: collision between `$target' and `$old_target'\n"; return }
    die "pkgs.buildEnv error: $words\nhint: this may be caused by two different versions of the same package in buildEnv's `paths` parameter\nhint: `pkgs.nix-diff` can be used to compare derivations\n";
}

mkdir $ENV{out};
for my $c (@chosen) {
    my ($priority, $path) = @$c;
    next if $seen{$path}++;
    if (!-d $path) { die "The store path $path is a file and can't be merged into an environment using pkgs.buildEnv!\n" }
    add("", $path, $priority);
}
mkdir "$out/$_" for sort keys %dir;
symlink $link{$_}[0], "$out/$_" or die "cannot link '$_': $!\n" for sort keys %link;
