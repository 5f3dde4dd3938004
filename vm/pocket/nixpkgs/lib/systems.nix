# Platforms, as far as they can be told from a system's name.
{ lib }:
rec {
  flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
    "x86_64-darwin"
    "aarch64-darwin"
  ];
  doubles = {
    all = flakeExposed;
    linux = [ "x86_64-linux" "aarch64-linux" ];
    darwin = [ "x86_64-darwin" "aarch64-darwin" ];
    unix = flakeExposed;
    none = [ ];
  };
  parse.mkSystemFromString = system: { name = system; };
  elaborate =
    args:
    let
      system = args.system or args.config or args;
      parts = lib.splitString "-" system;
      cpu = builtins.head parts;
      kernel = lib.last parts;
    in
    rec {
      inherit system;
      config = if isDarwin then "${cpu}-apple-darwin" else "${cpu}-unknown-linux-gnu";
      isLinux = kernel == "linux";
      isDarwin = kernel == "darwin";
      isMacOS = isDarwin;
      isUnix = true;
      isBSD = isDarwin;
      isFreeBSD = false;
      isWindows = false;
      isMusl = false;
      isStatic = false;
      isx86_64 = cpu == "x86_64";
      isx86_32 = false;
      isx86 = isx86_64;
      isAarch64 = cpu == "aarch64";
      isAarch32 = false;
      isAarch = isAarch64;
      is64bit = true;
      is32bit = false;
      isGnu = isLinux;
      libc = if isLinux then "glibc" else "libSystem";
      parsed = {
        cpu.name = cpu;
        kernel.name = kernel;
      };
      extensions = {
        sharedLibrary = if isDarwin then ".dylib" else ".so";
        executable = "";
      };
      linuxArch = if isx86_64 then "x86_64" else "arm64";
      canExecute = other: other.system == system;
      emulatorAvailable = _: false;
    };
  equals = a: b: a.system == b.system;
}
