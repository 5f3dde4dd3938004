{ pkgs, ... }:
{
  home = {
    username = "alice";
    homeDirectory = "/home/alice";
    stateVersion = "25.11";
    packages = with pkgs; [ hello jq ];
    file.".greeting".source = ./greeting;
  };
  programs.zsh.enable = true;
  xdg.enable = true;
}
