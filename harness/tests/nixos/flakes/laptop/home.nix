{ pkgs, ... }:
{
  home.stateVersion = "24.11";
  home.packages = [ pkgs.hello ];
  home.file.".greeting".text = "Hello from aurora.\n";
  programs.bash.enable = true;
}
