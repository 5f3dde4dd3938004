{
  description = "The pocket channel's nix-darwin: evaluation only";

  inputs.nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";

  outputs =
    { self, nixpkgs }:
    {
      lib.darwinSystem =
        {
          system ? null,
          modules ? [ ],
          inputs ? { },
          specialArgs ? { },
          pkgs ? null,
          lib ? nixpkgs.lib,
          ...
        }:
        import ./eval-config.nix {
          inherit lib system modules pkgs nixpkgs;
          specialArgs = specialArgs // lib.optionalAttrs (inputs != { }) { inherit inputs; };
        };
    };
}
