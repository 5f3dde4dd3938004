# The generation before is what the profile holds. The activation makes the next one, and the root that names it, when it
# makes links.
function findOldGeneration() {
  declare -gr newGenGcPath="$hmStatePath/gcroots/current-home"
  local greatest
  greatest="$(nix-env --list-generations --profile "$genProfilePath" | tail -1 | sed -E 's/ *([[:digit:]]+) .*/\1/')"
  declare -g newGenNum=1
  if [[ -n $greatest ]]; then
    declare -g oldGenNum=$greatest
    newGenNum=$((greatest + 1))
  fi
  if [[ -e $genProfilePath ]]; then
    declare -g oldGenPath
    oldGenPath="$(readlink -e "$genProfilePath")"
  fi
  _iVerbose "Sanity checking oldGenNum and oldGenPath"
  if [[ ${oldGenNum+set} != "${oldGenPath+set}" ]]; then
    _i $'The previous generation number and path are in conflict! These\nmust be either both empty or both set but are now set to\n\n    \'%s\' and \'%s\'\n\nIf you don\'t mind losing previous profile generations then\nthe easiest solution is probably to run\n\n   rm %s/home-manager*\n   rm %s/current-home\n\nand trying home-manager switch again. Good luck!' \
      "${oldGenNum:-}" "${oldGenPath:-}" "${genProfilePath%/*}" "${newGenGcPath%/*}"
    exit 1
  fi
}
function verboseOldGeneration() {
  if [[ -v oldGenNum ]]; then
    verboseEcho "  oldGenNum=$oldGenNum"
    verboseEcho "  oldGenPath=$oldGenPath"
  else
    verboseEcho "  oldGenNum undefined (first run?)"
    verboseEcho "  oldGenPath undefined (first run?)"
  fi
}
function makeGeneration() {
  if [[ ! -v oldGenPath || $oldGenPath != "$newGenPath" ]]; then
    _i "Creating profile generation %s" $newGenNum
    run nix-env $VERBOSE_ARG --profile "$genProfilePath" --set "$newGenPath"
    run --quiet nix-store --realise "$newGenPath" --add-root "$newGenGcPath" --indirect
    if [[ -e $legacyGenGcPath ]]; then run rm $VERBOSE_ARG "$legacyGenGcPath"; fi
  else
    _i "No change so reusing latest profile generation %s" "$oldGenNum"
  fi
}
