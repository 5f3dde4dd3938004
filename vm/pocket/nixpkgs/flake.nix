{
  description = "The pocket channel's nixpkgs: a stand-in that works offline";

  outputs =
    { self }:
    let
      lib = (import ./lib).extend (
        final: _prev: {
          nixosSystem =
            args:
            import ./nixos/lib/eval-config.nix (
              {
                lib = final;
                system = null;
              }
              // args
            );
        }
      );
      forSystems = lib.genAttrs lib.systems.flakeExposed;
    in
    {
      inherit lib;
      legacyPackages = forSystems (system: import ./. { inherit system; });
      nixosModules.readOnlyPkgs = { };
    };
}
