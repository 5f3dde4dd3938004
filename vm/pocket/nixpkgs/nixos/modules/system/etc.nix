# environment.etc: /etc/static and the links into it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  entries = lib.filter (e: e.enable) (builtins.attrValues config.environment.etc);
  inherit (import ../lib/text-file.nix { inherit lib pkgs; }) textFile;
in
{
  options.environment.etc = mkOption {
    default = { };
    description = "Set of files that have to be linked in /etc.";
    type = types.attrsOf (
      types.submodule (
        { name, config, options, ... }:
        {
          options = {
            enable = mkOption {
              type = types.bool;
              default = true;
              description = "Whether this /etc file should be generated.";
            };
            target = mkOption {
              type = types.str;
              default = name;
              description = "Name of symlink (relative to /etc).";
            };
            text = mkOption {
              type = types.nullOr types.lines;
              default = null;
              description = "Text of the file.";
            };
            source = mkOption {
              type = types.path;
              description = "Path of the source file.";
            };
            mode = mkOption {
              type = types.str;
              default = "symlink";
              description = "A file mode makes a copy instead of a link; direct-symlink links to the source without a detour.";
            };
            user = mkOption {
              type = types.str;
              default = "+${toString config.uid}";
              description = "Owner of a copy, by name or as +UID.";
            };
            group = mkOption {
              type = types.str;
              default = "+${toString config.gid}";
              description = "Group of a copy, by name or as +GID.";
            };
            uid = mkOption {
              type = types.int;
              default = 0;
              description = "UID of a copy.";
            };
            gid = mkOption {
              type = types.int;
              default = 0;
              description = "GID of a copy.";
            };
          };
          config.source = lib.mkIf (config.text != null) (
            lib.mkDerivedConfig options.text (textFile ("etc-" + lib.replaceStrings [ "/" "@" ] [ "-" "-" ] name))
          );
        }
      )
    );
  };
  options.system.build.etc = mkOption {
    type = types.package;
    internal = true;
    description = "The tree of /etc.";
  };

  config.system.build.etc = pkgs.writer {
    name = "etc";
    builder = "/usr/bin/perl";
    args = [
      "-e"
      ''
        use strict; use warnings; use File::Path qw(make_path);
        my $etc = "$ENV{out}/etc";
        make_path($etc);
        open my $in, "<", $ENV{entriesPath} or die;
        open my $modes, ">", "$ENV{out}/modes" or die;
        while (my $target = <$in>) {
            chomp $target;
            chomp(my $source = <$in>); chomp(my $mode = <$in>);
            my ($dir) = "$etc/$target" =~ m{(.*)/};
            make_path($dir) unless -d $dir;
            if (-l "$etc/$target" || -e "$etc/$target") {
                my $other = readlink("$etc/$target") // "";
                print "duplicate entry $target -> $source\n";
                next if $other eq $source;
                die "mismatched duplicate entry $other <-> $source\n";
            }
            symlink $source, "$etc/$target" or die "cannot link $target: $!\n";
            print $modes "$target\t$mode\n" if $mode !~ /^symlink /;
        }
      ''
    ];
    entries = lib.concatMapStrings (e: "${e.target}\n${e.source}\n${e.mode} ${e.user}:${e.group}\n") entries;
    passAsFile = [ "entries" ];
  };

  config.system.activationScripts.etc = {
    deps = [ "users" ];
    text = ''
      echo "setting up /etc..."
      perl ${./setup-etc.pl} ${config.system.build.etc}
    '';
  };
}
