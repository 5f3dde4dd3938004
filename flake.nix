{
  description = "Proves a Home Manager switch in a virtual machine before anyone makes it";

  # There is no flake.lock in the repository: `nix flake lock` makes one.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      # Tried on the first; written for the others.
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      forSystems = make: lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      packageFor = pkgs: pkgs.callPackage ./nix/package.nix { };
    in
    {
      packages = forSystems (pkgs: rec {
        switchproof = packageFor pkgs;
        default = switchproof;
      });

      apps = forSystems (
        pkgs:
        let
          package = packageFor pkgs;
        in
        {
          default = {
            type = "app";
            program = lib.getExe package;
            meta.description = package.meta.description;
          };
        }
      );

      overlays.default = final: _prev: { switchproof = packageFor final; };

      devShells = forSystems (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ (packageFor pkgs) ];
          packages = [
            pkgs.cargo
            pkgs.cargo-insta
            pkgs.cargo-nextest
            pkgs.clippy
            pkgs.e2fsprogs
            pkgs.git
            pkgs.qemu_kvm
            pkgs.rust-analyzer
            pkgs.rustc
            pkgs.rustfmt
          ]
          ++ lib.optionals pkgs.stdenv.hostPlatform.isLinux [
            pkgs.mmdebstrap
            pkgs.util-linux
          ];
          SWITCHPROOF_KEYRING = "${pkgs.debian-archive-keyring}/share/keyrings/debian-archive-keyring.gpg";
        };
      });

      # Nothing that boots a machine: sandboxes of builds rarely have /dev/kvm.
      checks = forSystems (
        pkgs:
        let
          package = packageFor pkgs;
          # The package's sources and crates, with another command in place of the build.
          withCommand =
            name: tool: command:
            package.overrideAttrs (old: {
              pname = "switchproof-${name}";
              nativeBuildInputs = old.nativeBuildInputs ++ [ tool ];
              buildPhase = command;
              installPhase = "touch $out";
              postInstall = "";
              postFixup = "";
            });
        in
        {
          check = pkgs.runCommand "switchproof-check" { nativeBuildInputs = [ package ]; } ''
            switchproof check ${./scenarios}
            touch $out
          '';
          clippy =
            withCommand "clippy" pkgs.clippy
              "cargo clippy --workspace --all-targets --offline --locked -- -D warnings";
          fmt = withCommand "fmt" pkgs.rustfmt "cargo fmt --all --check";
        }
      );

      formatter = forSystems (pkgs: pkgs.nixfmt);
    };
}
