# First the links that only the previous generation has are removed, then the
# new ones are made; links in both are never absent.

filesOf() { readlink -e "$1/home-files"; }
leavesOf() { find "$1" '(' -type f -or -type l ')' -printf '%P\0'; }

dropLink() { # PATH, relative to the home: it and the directories that it leaves empty
  run rm $VERBOSE_ARG "$HOME/$1"
  [[ $1 == */* ]] || return 0
  # Relative, so that the home itself is never tried.
  cd "$HOME"
  run rmdir $VERBOSE_ARG -p --ignore-fail-on-non-empty "${1%/*}"
  cd "$OLDPWD"
}

dropOldLinks() {
  [[ -v oldGenPath && -e $oldGenPath/home-files ]] || return 0
  _i "Cleaning up orphan links from %s" "$HOME"
  local old new leaf
  old="$(filesOf "$oldGenPath")"
  new="$(filesOf "$newGenPath")"
  [[ $old != "$new" ]] || return 0
  while IFS= read -r -d '' leaf; do
    if [[ -e $new/$leaf ]]; then
      verboseEcho "Checking $HOME/$leaf: exists"
      continue
    fi
    case "$(readlink "$HOME/$leaf")" in
      /nix/store/*-home-manager-files/*)
        verboseEcho "Checking $HOME/$leaf: gone (deleting)"
        dropLink "$leaf"
        ;;
      *) warnEcho "Path '$HOME/$leaf' does not link into a Home Manager generation. Skipping delete." ;;
    esac
  done < <(leavesOf "$old")
}

isInTheWay() { [[ -e $1 && ! -L $1 ]]; }

moveAside() { # FILE: by the user's command, or under the user's extension
  if [[ -n ${HOME_MANAGER_BACKUP_COMMAND-} ]]; then
    verboseEcho "Running '$HOME_MANAGER_BACKUP_COMMAND' on '$1'."
    run $HOME_MANAGER_BACKUP_COMMAND "$1" || errorEcho "Running '$HOME_MANAGER_BACKUP_COMMAND' on '$1' failed."
  elif [[ -n ${HOME_MANAGER_BACKUP_EXT-} ]]; then
    local aside="$1.$HOME_MANAGER_BACKUP_EXT"
    [[ ! -e $aside || -z ${HOME_MANAGER_BACKUP_OVERWRITE-} ]] || run rm $VERBOSE_ARG "$aside"
    run mv $VERBOSE_ARG "$1" "$aside" || errorEcho "Moving '$1' failed!"
  fi
}

# Links that wait to be made, all in one directory: a process for each takes its time in a guest.
linkSources=()
linkPlace=""
makeLinks() {
  ((${#linkSources[@]} > 0)) || return 0
  run ln -snf -t "$linkPlace" -- "${linkSources[@]}" || exit 1
  linkSources=()
}

placeLinks() {
  _i "Creating home file links in %s" "$HOME"
  local new leaf link place
  new="$(filesOf "$newGenPath")"
  while IFS= read -r -d '' leaf; do
    link="$HOME/$leaf"
    place="${link%/*}"
    if isInTheWay "$link"; then moveAside "$link"; fi
    if isInTheWay "$link" && cmp -s "$new/$leaf" "$link"; then
      verboseEcho "Skipping '$link' as it is identical to '$new/$leaf'"
      continue
    fi
    # What is there already needs no process, but a dry run names all.
    if [[ -v DRY_RUN || ! -d $place ]]; then run mkdir -p $VERBOSE_ARG "$place"; fi
    if [[ -v DRY_RUN || ! $link -ef $new/$leaf || "$(readlink "$link")" != "$new/$leaf" ]]; then
      if [[ $place != "$linkPlace" ]] || ((${#linkSources[@]} >= 500)); then makeLinks; fi
      # One at a time where each is to be told, or where making it will fail.
      if [[ -v DRY_RUN || -v VERBOSE ]] || isInTheWay "$link"; then
        makeLinks
        run ln -Tsf $VERBOSE_ARG "$new/$leaf" "$link" || exit 1
      else
        linkPlace="$place"
        linkSources+=("$new/$leaf")
      fi
    fi
  done < <(leavesOf "$new")
  makeLinks
}
