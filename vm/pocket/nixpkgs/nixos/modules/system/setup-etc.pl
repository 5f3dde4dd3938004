# Puts the files of ETC (a store path) into /etc by way of /etc/static, and
# removes what an earlier configuration had put there.
use strict;
use warnings;
use File::Path qw(make_path);
use File::Copy qw(copy);

my $etc = $ARGV[0] or die;
my $static = "/etc/static";
sub link_to {
    my ($source, $target) = @_;
    my $tmp = "$target.tmp";
    unlink $tmp;
    symlink $source, $tmp or return 0;
    rename $tmp, $target or do { unlink $tmp; return 0 };
    return 1;
}
link_to("$etc/etc", $static) or die "cannot make $static: $!\n";

my (%modes, %copied);
if (open my $f, "<", "$etc/modes") {
    while (<$f>) { chomp; my ($t, $m) = split /\t/; $modes{$t} = $m }
}
my @paths;
sub walk {                  # links are leaves, as they point out of the tree
    my ($rel) = @_;
    opendir my $h, "$etc/etc" . ($rel eq "" ? "" : "/$rel") or return;
    for my $name (sort grep { $_ ne "." && $_ ne ".." } readdir $h) {
        my $r = $rel eq "" ? $name : "$rel/$name";
        if (!-l "$etc/etc/$r" && -d "$etc/etc/$r") { walk($r) } else { push @paths, $r }
    }
}
walk("");

my $state = "/var/lib/nixos/etc-files";
my @old;
if (open my $f, "<", $state) { chomp(@old = <$f>) }
my %now = map { $_ => 1 } @paths;

# Gone files first, so that a directory can take the place of a link.
for my $rel (@old) {
    next if $now{$rel};
    my $t = "/etc/$rel";
    next unless -l $t || -e $t;
    next if -l $t && readlink($t) !~ m{^(/etc/static|/nix/store)/};
    print STDERR "removing obsolete symlink ‘$t’...\n" if -l $t;
    unlink $t;
    my $dir = $t;
    while ($dir =~ s{/[^/]+$}{} && $dir ne "/etc") { rmdir $dir or last }
}
# An owner is a name or, after a plus, a number; root where there is no such name.
sub number { my ($owner, $found) = @_; return $owner =~ /^\+(\d+)$/ ? $1 : $found // 0 }
for my $rel (@paths) {
    my $t = "/etc/$rel";
    my ($dir) = $t =~ m{(.*)/};
    make_path($dir) unless -d $dir;
    my ($bits, $owner) = split / /, $modes{$rel} // "symlink root:root";
    if ($bits eq "direct-symlink") {
        my $source = readlink "$etc/etc/$rel";
        next if -l $t && readlink $t eq $source;
        if (-d $t && !-l $t) { warn "$t directory exists, not linking\n"; next }
        link_to($source, $t) or warn "could not link $t: $!\n";
    } elsif ($bits ne "symlink") {
        my ($user, $group) = split /:/, $owner;
        copy("$etc/etc/$rel", "$t.tmp") or do { warn "could not copy $rel: $!\n"; next };
        chown number($user, scalar getpwnam $user), number($group, scalar getgrnam $group), "$t.tmp";
        chmod oct $bits, "$t.tmp";
        rename "$t.tmp", $t or warn "could not put $t in place: $!\n";
    } else {
        next if -l $t && readlink $t eq "$static/$rel";
        if (-d $t && !-l $t) { warn "$t directory exists, not linking\n"; next }
        link_to("$static/$rel", $t) or warn "could not link $t: $!\n";
    }
}
make_path("/var/lib/nixos");
open my $f, ">", $state or die;
print $f "$_\n" for @paths;
