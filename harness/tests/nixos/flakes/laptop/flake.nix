{
  description = "A laptop as people have it: an encrypted disk, GRUB, and Home Manager as a module";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.11";
    home-manager = {
      url = "github:nix-community/home-manager/release-24.11";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { self, nixpkgs, home-manager }:
    {
      nixosConfigurations.laptop = nixpkgs.lib.nixosSystem {
        system = "x86_64-linux";
        modules = [
          ./configuration.nix
          home-manager.nixosModules.home-manager
          {
            home-manager.useGlobalPkgs = true;
            home-manager.useUserPackages = true;
            home-manager.users.maria = import ./home.nix;
          }
        ];
      };
      nixosConfigurations.plain = nixpkgs.lib.nixosSystem { modules = [ ./configuration.nix ]; };
      # Made of parts of the host, as some do to add to it: nothing can be taken out of it any more.
      nixosConfigurations.parts = { inherit (self.nixosConfigurations.laptop) config options pkgs; };
    };
}
