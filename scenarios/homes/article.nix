{ pkgs, ... }:
{
  programs.home-manager.enable = true;
  home.packages = with pkgs; [
    thunderbird
    keepassxc
  ];
  home.stateVersion = "23.11";
}
