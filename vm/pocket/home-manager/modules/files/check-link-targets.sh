# Collects every file of the new generation whose place is taken by something
# that is not Home Manager's, and refuses to go on unless it can be moved away.
function checkNewGenCollision() {
  local newGenFiles pattern sourcePath targetPath forced
  local -a collisions=()
  newGenFiles="$(readlink -e "$newGenPath/home-files")"
  pattern="/nix/store/*-home-manager-files/*"
  while IFS= read -r -d '' sourcePath; do
    targetPath="$HOME/${sourcePath#"$newGenFiles"/}"
    [[ -e $targetPath ]] || continue
    forced=""
    for p in ${forcedPaths[@]+"${forcedPaths[@]}"}; do
      [[ $targetPath != "$p"* ]] || forced=yes
    done
    if [[ -n $forced ]]; then
      verboseEcho "Skipping collision check for $targetPath"
      continue
    fi
    # shellcheck disable=SC2053
    [[ -L $targetPath && $(readlink "$targetPath") == $pattern ]] && continue
    if cmp -s "$sourcePath" "$targetPath"; then
      warnEcho "Existing file '$targetPath' is in the way of '$sourcePath', will be skipped since they are the same"
    elif [[ ! -L $targetPath && -n ${HOME_MANAGER_BACKUP_COMMAND-} ]]; then
      verboseEcho "Existing file '$targetPath' exists and differs from '$sourcePath'. '$HOME_MANAGER_BACKUP_COMMAND' will be used to backup the file."
    elif [[ ! -L $targetPath && -n ${HOME_MANAGER_BACKUP_EXT-} ]]; then
      local backup="$targetPath.$HOME_MANAGER_BACKUP_EXT"
      if [[ -e $backup && -z ${HOME_MANAGER_BACKUP_OVERWRITE-} ]]; then
        collisions+=("Existing file '$backup' would be clobbered by backing up '$targetPath'")
      elif [[ -e $backup ]]; then
        warnEcho "Existing file '$targetPath' is in the way of '$sourcePath' and '$backup' exists. Backup will be clobbered due to HOME_MANAGER_BACKUP_OVERWRITE=1"
      else
        warnEcho "Existing file '$targetPath' is in the way of '$sourcePath', will be moved to '$backup'"
      fi
    else
      collisions+=("Existing file '$targetPath' would be clobbered")
    fi
  done < <(find "$newGenFiles" \( -type f -or -type l \) -print0)

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
checkNewGenCollision || exit 1
