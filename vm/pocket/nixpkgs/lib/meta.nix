# What a package says of itself.
{ lib }:
rec {
  closePropagation = lib.unique;
  addMetaAttrs = new: drv: drv // { meta = (drv.meta or { }) // new; };
  setName = name: drv: drv // { inherit name; };
  setPrio = priority: addMetaAttrs { inherit priority; };
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);
  dontDistribute = addMetaAttrs { hydraPlatforms = [ ]; };
  availableOn = platform: pkg: !(pkg.meta ? platforms) || builtins.elem platform.system pkg.meta.platforms;
  platformMatch = platform: elem: platform.system == elem;
  getLicenseFromSpdxId = id: lib.findFirst (l: l.spdxId or "" == id) (throw "getLicenseFromSpdxId: No license matches the given SPDX ID: ${id}") (builtins.attrValues lib.licenses);
  licensesSpdx = lib.listToAttrs (map (l: lib.nameValuePair l.spdxId l) (lib.filter (l: l ? spdxId) (builtins.attrValues lib.licenses)));

  getExe =
    x:
    getExe' x (
      x.meta.mainProgram or (lib.warn
        "getExe: Package ${lib.generators.toPretty { } x.name or "?"} does not have the meta.mainProgram attribute. We'll assume that the main program has the same name for now, but this behavior is deprecated, because it leads to surprising errors when the assumption does not hold. If the package has a main program, please set `meta.mainProgram` in its definition to make this warning go away. Otherwise, if the package does not have a main program, or if you don't control its definition, use getExe' to specify the name to the program, such as lib.getExe' foo \"bar\"."
        (lib.getName x)
      )
    );
  getExe' =
    x: y:
    if lib.isString y && lib.hasInfix "/" y then
      throw "lib.meta.getExe': The second argument \"${y}\" is a nested path with a \"/\" character, but it should just be the name of the executable instead."
    else
      "${lib.getBin x}/bin/${y}";
}
