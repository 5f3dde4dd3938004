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
              // {
                modules = args.modules or [ ] ++ forOtherModules;
              }
            );
        }
      );
      # A checkout may have taken the place of the pocket's `nixos`.
      forOtherModules = lib.optional (!builtins.pathExists ./nixos/lib/accepted.nix) ./real-nixos.nix;
      forSystems = lib.genAttrs lib.systems.flakeExposed;
    in
    {
      inherit lib;
      legacyPackages = forSystems (system: import ./. { inherit system; });
      nixosModules.readOnlyPkgs = { };
    };
}
