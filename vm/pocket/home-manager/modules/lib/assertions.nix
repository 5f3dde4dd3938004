{ lib }:
{
  assertPlatform = module: pkgs: platforms: {
    assertion = lib.elem pkgs.stdenv.hostPlatform.system platforms;
    message = "The module ${module} does not support your platform. It only supports\n\n${
      lib.concatMapStringsSep "\n" (p: "  - ${p}") (lib.sort (a: b: a < b) platforms)
    }";
  };
}
