# mkDerivation: attributes in, a package in nixpkgs' shape out.
{
  lib,
  checkMeta,
  system,
}:
let
  setup = builtins.readFile ./setup.sh;

  # What `attrs` become for the builder, which gets texts alone: of structured attributes, sets are left out.
  forBuilder =
    attrs:
    lib.filterAttrs (_: value: !(attrs.__structuredAttrs or false) || !(builtins.isAttrs value) || value ? outPath) (
      removeAttrs attrs [ "meta" "passthru" "pos" "env" "__structuredAttrs" "strictDeps" ]
    )
    // (attrs.env or { });

  make =
    rattrs:
    let
      args = rattrs (args // { finalPackage = package; });
      outputs = args.outputs or [ "out" ];
      name = lib.strings.sanitizeDerivationName (args.name or "${args.pname}-${args.version}");
      strict = derivation (
        {
          inherit name system outputs;
          builder = "/bin/bash";
          args = [
            "-c"
            setup
          ];
        }
        // forBuilder (removeAttrs args [ "name" ])
      );
      meta =
        {
          inherit name;
          available = true;
          broken = false;
          insecure = false;
          unsupported = false;
          outputsToInstall = [ (if lib.elem "bin" outputs then "bin" else if lib.elem "out" outputs then "out" else lib.head outputs) ] ++ lib.optional (lib.elem "man" outputs) "man";
        }
        // {
          unfree = checkMeta.isUnfree (args.meta or { });
        }
        // (args.meta or { });
      checked = checkMeta.assertValid { inherit name meta; pname = args.pname or name; };
      outputOf = outputName: package // {
        inherit outputName;
        outputSpecified = true;
        outPath = checked strict.${outputName}.outPath;
      };
      package =
        args
        // lib.genAttrs outputs outputOf
        // {
          type = "derivation";
          inherit name system outputs meta;
          builder = "/bin/bash";
          drvAttrs = strict.drvAttrs;
          outputName = lib.head outputs;
          drvPath = checked strict.drvPath;
          outPath = checked strict.outPath;
          all = map outputOf outputs;
          passthru = args.passthru or { };
          overrideAttrs =
            f:
            make (
              final:
              let
                prev = rattrs final;
                f' = lib.toFunction f;
                once = f' prev;
              in
              prev // (if lib.isFunction once then f' final prev else once)
            );
          inputDerivation = package;
          tests = { };
        }
        // (args.passthru or { });
    in
    package;
in
fnOrAttrs: make (if lib.isFunction fnOrAttrs then fnOrAttrs else _: fnOrAttrs)
