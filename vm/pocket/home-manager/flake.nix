{
  description = "The pocket channel's Home Manager: a stand-in that works offline";

  inputs.nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";

  outputs =
    { self, nixpkgs }:
    let
      forSystems = nixpkgs.lib.genAttrs nixpkgs.lib.systems.flakeExposed;
    in
    {
      lib = import ./lib { inherit (nixpkgs) lib; };
      nixosModules = rec {
        home-manager = ./nixos;
        default = home-manager;
      };
      darwinModules = rec {
        home-manager = ./nix-darwin;
        default = home-manager;
      };
      packages = forSystems (
        system:
        let
          home-manager = nixpkgs.legacyPackages.${system}.callPackage ./home-manager { path = "${self}"; };
        in
        {
          inherit home-manager;
          default = home-manager;
        }
      );
    };
}
