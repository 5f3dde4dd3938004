# The hosts of a flake as they can run in the machine. The rest of the flake stays as it is.
outputs:
outputs
// {
  nixosConfigurations = builtins.mapAttrs (
    _: host:
    if host ? extendModules then
      host.extendModules {
        modules = [
          ./machine.nix
          ./network.nix
        ];
      }
    else
      host
  ) (outputs.nixosConfigurations or { });
}
