{
  description = "A home whose inputs are where everybody's are";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    hm = {
      url = "github:nix-community/home-manager/release-26.05";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, hm, ... }:
    {
      homeConfigurations.alice = hm.lib.homeManagerConfiguration {
        pkgs = nixpkgs.legacyPackages.x86_64-linux;
        modules = [
          (
            { pkgs, ... }:
            {
              home = {
                username = "alice";
                homeDirectory = "/home/alice";
                stateVersion = "26.05";
                packages = [ pkgs.hello ];
              };
            }
          )
        ];
      };
    };
}
