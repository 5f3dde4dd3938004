# Collects every file of the new generation whose place is taken by something
# that is not Home Manager's, and refuses to go on unless it can be moved away.
function checkNewGenCollision() {
  local newGenFiles pattern sourcePath targetPath forced
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
        collision "Existing file '$backup' would be clobbered by backing up '$targetPath'"
      elif [[ -e $backup ]]; then
        warnEcho "Existing file '$targetPath' is in the way of '$sourcePath' and '$backup' exists. Backup will be clobbered due to HOME_MANAGER_BACKUP_OVERWRITE=1"
      else
        warnEcho "Existing file '$targetPath' is in the way of '$sourcePath', will be moved to '$backup'"
      fi
    else
      collision "$(inTheWay "$targetPath" "$sourcePath")"
    fi
  done < <(find "$newGenFiles" \( -type f -or -type l \) -print0)
}
checkNewGenCollision
tellCollisions || exit 1
