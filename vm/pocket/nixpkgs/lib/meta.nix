# What a package says of itself.
{ lib }:
rec {
  closePropagation = lib.unique;
  addMetaAttrs = new: drv: drv // { meta = (drv.meta or { }) // new; };
  setName = name: drv: drv // { inherit name; };
  setPrio = priority: addMetaAttrs { inherit priority; };
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);
  mapDerivationAttrset = f: builtins.mapAttrs (_: v: if lib.isDerivation v then f v else v);
  lowPrioSet = mapDerivationAttrset lowPrio;
  hiPrioSet = mapDerivationAttrset hiPrio;
  dontDistribute = addMetaAttrs { hydraPlatforms = [ ]; };
  availableOn = platform: pkg: !(pkg.meta ? platforms) || builtins.elem platform.system pkg.meta.platforms;
  platformMatch = platform: elem: platform.system == elem;
  getLicenseFromSpdxId = id: lib.findFirst (l: l.spdxId or "" == id) (throw "getLicenseFromSpdxId: No license matches the given SPDX ID: ${id}") (builtins.attrValues lib.licenses);
  licensesSpdx = lib.listToAttrs (map (l: lib.nameValuePair l.spdxId l) (lib.filter (l: l ? spdxId) (builtins.attrValues lib.licenses)));

  getExe =
    x:
    getExe' x (
      x.meta.mainProgram or (lib.warn
        "getExe: Package ${lib.strings.escapeNixIdentifier x.meta.name or x.pname or x.name} does not have the meta.mainProgram attribute. We'll assume that the main program has the same name for now, but this behavior is deprecated, because it leads to surprising errors when the assumption does not hold. If the package has a main program, please set `meta.mainProgram` in its definition to make this warning go away. Otherwise, if the package does not have a main program, or if you don't control its definition, use getExe' to specify the name to the program, such as lib.getExe' foo \"bar\"."
        (lib.getName x)
      )
    );
  getExe' =
    x: y:
    if !lib.isDerivation x then
      throw "lib.meta.getExe': The first argument is of type ${builtins.typeOf x}, but it should be a derivation instead."
    else if !lib.isString y then
      throw "lib.meta.getExe': The second argument is of type ${builtins.typeOf y}, but it should be a string instead."
    else if lib.hasInfix "/" y then
      throw "lib.meta.getExe': The second argument \"${y}\" is a nested path with a \"/\" character, but it should just be the name of the executable instead."
    else
      "${lib.getBin x}/bin/${y}";
}
