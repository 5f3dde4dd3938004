# A Mac's configuration, as far as it evaluates.
{ lib, channel, ... }:
let
  mac =
    modules:
    import (channel + "/nix-darwin/eval-config.nix") {
      inherit lib;
      nixpkgs = channel + "/nixpkgs";
      system = null;
      pkgs = null;
      specialArgs = { };
      modules = [
        {
          nixpkgs.hostPlatform = "aarch64-darwin";
          system.stateVersion = 6;
          users.users.alice.home = "/Users/alice";
        }
        (channel + "/home-manager/nix-darwin")
        { home-manager.users.alice = { pkgs, ... }: { home.stateVersion = "26.05"; home.packages = [ pkgs.hello ]; home.file.a.text = "t"; }; }
      ]
      ++ modules;
    };
  home = (mac [ ]).config.home-manager.users.alice;
in
{
  equal = {
    home-directory = [ home.home.homeDirectory "/Users/alice" ];
    file = [ home.home.file.a.text "t" ];
    packages = [ (lib.any (p: lib.getName p == "hello") home.home.packages) true ];
    no-systemd = [ home.systemd.user.enable false ];
    evaluates = [ (lib.isString (mac [ ]).system.drvPath) true ];
  };
  refused.linux = {
    expr = (mac [ { nixpkgs.hostPlatform = lib.mkForce "x86_64-linux"; } ]).system.drvPath;
    says = "nix-darwin needs nixpkgs.hostPlatform to be a darwin platform, not x86_64-linux.";
  };
}
