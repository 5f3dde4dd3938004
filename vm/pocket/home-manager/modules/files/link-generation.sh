# First the links that only the previous generation has are removed, then the
# new ones are made; links in both are never absent.
function cleanOldGen() {
  [[ -v oldGenPath && -e $oldGenPath/home-files ]] || return 0
  _i "Cleaning up orphan links from %s" "$HOME"
  local newGenFiles oldGenFiles relativePath targetPath targetDir
  newGenFiles="$(readlink -e "$newGenPath/home-files")"
  oldGenFiles="$(readlink -e "$oldGenPath/home-files")"
  [[ $newGenFiles != "$oldGenFiles" ]] || return 0
  while IFS= read -r -d '' relativePath; do
    targetPath="$HOME/$relativePath"
    if [[ -e $newGenFiles/$relativePath ]]; then
      verboseEcho "Checking $targetPath: exists"
    elif [[ ! "$(readlink "$targetPath")" == /nix/store/*-home-manager-files/* ]]; then
      warnEcho "Path '$targetPath' does not link into a Home Manager generation. Skipping delete."
    else
      verboseEcho "Checking $targetPath: gone (deleting)"
      run rm $VERBOSE_ARG "$targetPath"
      targetDir="$(dirname "$relativePath")"
      if [[ $targetDir != "." ]]; then
        # Relative to $HOME, which itself must stay.
        pushd "$HOME" > /dev/null
        run rmdir $VERBOSE_ARG -p --ignore-fail-on-non-empty "$targetDir"
        popd > /dev/null
      fi
    fi
  done < <(find "$oldGenFiles" '(' -type f -or -type l ')' -printf '%P\0')
}

function backUpOrSkip() { # false when the file in the way is to stay
  local sourcePath="$1" targetPath="$2" backup
  if [[ -n ${HOME_MANAGER_BACKUP_COMMAND-} ]]; then
    verboseEcho "Running '$HOME_MANAGER_BACKUP_COMMAND' on '$targetPath'."
    run $HOME_MANAGER_BACKUP_COMMAND "$targetPath" || errorEcho "Running '$HOME_MANAGER_BACKUP_COMMAND' on '$targetPath' failed."
  elif [[ -n ${HOME_MANAGER_BACKUP_EXT-} ]]; then
    backup="$targetPath.$HOME_MANAGER_BACKUP_EXT"
    if [[ -e $backup && -n ${HOME_MANAGER_BACKUP_OVERWRITE-} ]]; then run rm $VERBOSE_ARG "$backup"; fi
    run mv $VERBOSE_ARG "$targetPath" "$backup" || errorEcho "Moving '$targetPath' failed!"
  fi
  if [[ -e $targetPath && ! -L $targetPath ]] && cmp -s "$sourcePath" "$targetPath"; then
    verboseEcho "Skipping '$targetPath' as it is identical to '$sourcePath'"
    return 1
  fi
}

function linkNewGen() {
  _i "Creating home file links in %s" "$HOME"
  local newGenFiles sourcePath targetPath dir i
  newGenFiles="$(readlink -e "$newGenPath/home-files")"
  # What is free or already a link is linked in groups, one ln per directory;
  # what is in the way is looked at one by one.
  local -a linkSources=() linkDirs=() inTheWay=() batch=()
  local -A missingDirs=() dirBatches=()
  while IFS= read -r -d '' sourcePath; do
    targetPath="$HOME/${sourcePath#"$newGenFiles"/}"
    dir="${targetPath%/*}"
    if [[ -L $dir ]]; then
      inTheWay+=("$sourcePath")
    elif [[ -L $targetPath ]]; then
      [[ "$(readlink "$targetPath")" == "$sourcePath" ]] && continue
      linkSources+=("$sourcePath")
      linkDirs+=("$dir")
    elif [[ -e $targetPath ]]; then
      inTheWay+=("$sourcePath")
    else
      linkSources+=("$sourcePath")
      linkDirs+=("$dir")
    fi
  done < <(find "$newGenFiles" \( -type f -or -type l \) -print0)

  for dir in ${linkDirs[@]+"${linkDirs[@]}"}; do
    [[ -d $dir ]] || missingDirs[$dir]=1
  done
  if ((${#missingDirs[@]} > 0)); then
    run mkdir -p $VERBOSE_ARG -- "${!missingDirs[@]}" || exit 1
  fi
  for i in ${linkSources[@]+"${!linkSources[@]}"}; do dirBatches[${linkDirs[i]}]+="$i "; done
  for dir in ${dirBatches[@]+"${!dirBatches[@]}"}; do
    batch=()
    for i in ${dirBatches[$dir]}; do batch+=("${linkSources[i]}"); done
    run ln -sfn $VERBOSE_ARG -t "$dir" -- "${batch[@]}" || exit 1
  done

  for sourcePath in ${inTheWay[@]+"${inTheWay[@]}"}; do
    targetPath="$HOME/${sourcePath#"$newGenFiles"/}"
    if [[ -e $targetPath && ! -L $targetPath ]]; then
      backUpOrSkip "$sourcePath" "$targetPath" || continue
    fi
    run mkdir -p $VERBOSE_ARG "${targetPath%/*}"
    run ln -Tsf $VERBOSE_ARG "$sourcePath" "$targetPath" || exit 1
  done
}

cleanOldGen
linkNewGen
