# Makes $out a generation: the files, the packages, and the script that
# activates both.
use strict;
use warnings;

my $out = $ENV{out};
sub put {
    my ($name, $text) = @_;
    open my $f, ">", "$out/$name" or die "cannot write $name: $!\n";
    print $f $text;
    close $f or die "cannot write $name: $!\n";
}
mkdir $out;
mkdir "$out/bin";
put("hm-version", "$ENV{version}\n");
put("gen-version", "$ENV{genVersion}\n") if $ENV{genVersion};
put("extra-dependencies", $ENV{extraDependencies}) if defined $ENV{extraDependencies};
open my $in, "<", $ENV{activationScriptPath} or die "cannot read the activation script: $!\n";
my $script = do { local $/; <$in> };
$script =~ s/\@GENERATION_DIR\@/$out/g;
put("activate", $script);
chmod 0555, "$out/activate";
symlink "$out/activate", "$out/bin/home-manager-generation";
symlink $ENV{homeFiles}, "$out/home-files";
symlink $ENV{homePath}, "$out/home-path";
if ($ENV{extraBuilderCommands}) {
    $ENV{PATH} = "/usr/bin:/bin";
    system("/bin/bash", "-euc", $ENV{extraBuilderCommands}) == 0 or die "extraBuilderCommands failed\n";
}
