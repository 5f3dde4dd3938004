{
  description = "A home in a flake of one's own";

  inputs = {
    nixpkgs.url = "path:/etc/switchproof/pocket/nixpkgs";
    home-manager = {
      url = "path:/etc/switchproof/pocket/home-manager";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, home-manager, ... }:
    {
      homeConfigurations."alice@laptop" = home-manager.lib.homeManagerConfiguration {
        pkgs = nixpkgs.legacyPackages.x86_64-linux;
        modules = [ ./home.nix ];
      };
    };
}
