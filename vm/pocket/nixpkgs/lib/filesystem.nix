# Looking at paths.
{ lib }:
rec {
  pathType = path: (builtins.readDir (builtins.dirOf path)).${baseNameOf path};
  pathIsDirectory = path: builtins.pathExists path && pathType path == "directory";
  pathIsRegularFile = path: builtins.pathExists path && pathType path == "regular";
  listFilesRecursive =
    dir:
    lib.concatMap (
      name:
      let
        path = dir + "/${name}";
      in
      if (builtins.readDir dir).${name} == "directory" then listFilesRecursive path else [ path ]
    ) (builtins.attrNames (builtins.readDir dir));
  packagesFromDirectoryRecursive =
    { callPackage, directory, ... }:
    lib.concatMapAttrs (
      name: type:
      if type == "regular" && lib.hasSuffix ".nix" name then
        { ${lib.removeSuffix ".nix" name} = callPackage (directory + "/${name}") { }; }
      else if type == "directory" && builtins.pathExists (directory + "/${name}/package.nix") then
        { ${name} = callPackage (directory + "/${name}/package.nix") { }; }
      else
        { }
    ) (builtins.readDir directory);
}
