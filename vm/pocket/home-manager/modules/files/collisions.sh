# What is said of files in the way: at the end all of them, behind the advice.
collisions=()
collision() { collisions+=("$1"); }
inTheWay() { echo "Existing file '$1' would be clobbered"; }
tellCollisions() {
  ((${#collisions[@]} > 0)) || return 0
  errorEcho "Please do one of the following:
- In standalone mode, use 'home-manager switch -b backup' to back up files automatically.
- When used as a NixOS or nix-darwin module, set either
  - 'home-manager.backupFileExtension', or
  - 'home-manager.backupCommand',
  to move the file to a new location in the same directory, or run a custom command.
- Set 'force = true' on the related file options to forcefully overwrite the files below. eg. 'xdg.configFile.\"mimeapps.list\".force = true'"
  local c
  for c in "${collisions[@]}"; do errorEcho "$c"; done
  return 1
}
