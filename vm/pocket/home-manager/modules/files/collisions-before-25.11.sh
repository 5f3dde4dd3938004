# What is said of files in the way: each as it is found, and the advice at the end.
unset HOME_MANAGER_BACKUP_COMMAND HOME_MANAGER_BACKUP_OVERWRITE # which mean nothing yet
collided=""
collision() { errorEcho "$1"; collided=yes; }
inTheWay() { echo "Existing file '$1' is in the way of '$2'"; }
tellCollisions() {
  [[ -n $collided ]] || return 0
  errorEcho "Please do one of the following:
- Move or remove the above files and try again.
- In standalone mode, use 'home-manager switch -b backup' to back up
  files automatically.
- When used as a NixOS or nix-darwin module, set
    'home-manager.backupFileExtension'
  to, for example, 'backup' and rebuild."
  return 1
}
