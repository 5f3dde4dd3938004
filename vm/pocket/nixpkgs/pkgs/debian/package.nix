# One entry of packages.nix -> a package.
{
  lib,
  pkgs,
  builder,
  index,
}:
let
  checkMeta = import ../stdenv/check-meta.nix {
    inherit lib;
    inherit (pkgs) config;
  };
in
attr:
{
  description,
  # Debian packages; in a name, a * stands for whatever version of it the others need.
  debs ? [ attr ],
  pname ? attr,
  kind ? "program",
  mainProgram ? pname,
  license ? "gpl2Plus",
  # Programs to be renamed: { old = "new"; }
  rename ? { },
  # Environment that the programs need: { NAME = "path below $out"; }
  env ? { },
  # Packages of the channel whose programs they find before those of the PATH.
  path ? [ ],
  # The only programs to keep; null for all.
  programs ? null,
  # Shell code run in $out at the end of the build.
  postInstall ? "",
  # Keep these directories of the Debian package although they are dropped elsewhere.
  keep ? [ ],
  # Arguments that `override` may set, with their defaults.
  arguments ? { },
  passthru ? { },
  priority ? null,
}:
let
  known = index.packages.${attr} or { };
  version = known.version or "0";
  name = "${pname}-${version}";

  meta = {
    inherit name description;
    license = lib.licenses.${license};
    homepage = "https://packages.debian.org/${lib.head (debs ++ [ attr ])}";
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
    maintainers = [ ];
    outputsToInstall = [ "out" ];
    available = true;
    broken = false;
    insecure = false;
    unsupported = false;
    unfree = !lib.licenses.${license}.free;
    position = "${toString ./packages.nix}:1";
  }
  // lib.optionalAttrs (kind == "program") { inherit mainProgram; }
  // lib.optionalAttrs (priority != null) { inherit priority; };

  # Two packages of one name and version (as after overrideAttrs) must differ
  # in what they are made from; everything that matters is in here.
  attrs = {
    inherit name pname version kind postInstall;
    system = pkgs.system;
    builder = "/bin/bash";
    args = [
      "-c"
      builder
    ];
    debs = known.debs or debs;
    libs = if kind == "libs" then index.libs else "${pkgs.debianLibs}";
    # The C library and its loader are in the store too, so that a program runs on a root without any.
    libc = if kind == "libs" then "" else if attr == "glibc" then "" else "${pkgs.glibc}";
    bash = if kind == "libs" || lib.elem attr [ "glibc" "bash" ] then "" else "${pkgs.bash}/bin/bash";
    rename = lib.concatStringsSep " " (lib.mapAttrsToList (a: b: "${a}=${b}") rename);
    wrapperEnv = lib.concatStringsSep "\n" (lib.mapAttrsToList (n: v: "${n}=${v}") env);
    wrapperPath = lib.makeBinPath (map (name: pkgs.${name}) path);
    programs = if programs == null then "" else lib.concatStringsSep " " programs;
    keep = lib.concatStringsSep " " keep;
    allowSubstitutes = false;
  };

  package =
    args: attrs: meta:
    let
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      drv = derivation (removeAttrs attrs [ "meta" "passthru" ] // { inherit name; });
      checked = checkMeta.assertValid {
        inherit meta name;
        pname = attrs.pname or pname;
      };
      self =
        attrs
        // {
          type = "derivation";
          inherit name meta;
          outputs = [ "out" ];
          outputName = "out";
          outPath = checked drv.outPath;
          drvPath = checked drv.drvPath;
          drvAttrs = drv.drvAttrs;
          out = self;
          all = [ self ];
          passthru = passthru;
          overrideAttrs = overrideAttrs;
          override =
            new:
            let
              new' = if lib.isFunction new then new args else new;
              unknown = builtins.attrNames (removeAttrs new' (builtins.attrNames arguments ++ [ "stdenv" "lib" ]));
            in
            if unknown != [ ] then
              throw "The pocket channel does not model the argument '${lib.head unknown}' of the package '${pname}'; run this scenario on the real channel."
            else
              package (args // new') (attrs // { overridden = builtins.toJSON new'; base = "${self}"; }) meta;
          overrideDerivation = f: overrideAttrs (old: f old);
        }
        # Its other output, which a module of Home Manager takes.
        // lib.optionalAttrs (attr == "dconf") { lib = self; }
        // lib.optionalAttrs (attr == "bash" || attr == "zsh" || attr == "fish") { shellPath = "/bin/${attr}"; }
        // passthru
        // (attrs.passthru or { });
      # A changed package is made from the built one, which a guest can do; the
      # .deb files are gone by then.
      overrideAttrs =
        f:
        let
          prev = attrs // {
            inherit meta;
            passthru = passthru // (attrs.passthru or { });
          };
          once = lib.toFunction f prev;
          new = if lib.isFunction once then f (prev // new) prev else once;
          renamed = if new ? name && new.name != attrs.name or "" then new else removeAttrs (prev // new) [ "name" ];
        in
        # What a package says of itself is no part of what is built.
        if removeAttrs new [ "meta" "passthru" ] == { } then
          package args (attrs // builtins.intersectAttrs { passthru = null; } new) (meta // (new.meta or { }))
        else
        package args (removeAttrs renamed [ "meta" ] // { base = "${self}"; }) (
          meta // (new.meta or { }) // { name = renamed.name or "${renamed.pname}-${renamed.version}"; }
        );
    in
    self;
in
package arguments attrs meta
