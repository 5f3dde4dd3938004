# The generation before is what a root names that the last activation left.
function findOldGeneration() {
  declare -gr newGenGcPath="$hmStatePath/gcroots/new-home"
  declare -gr currentGenGcPath="$hmStatePath/gcroots/current-home"
  if [[ -e $currentGenGcPath ]]; then
    declare -g oldGenPath
    oldGenPath="$(readlink -e "$currentGenGcPath")"
  fi
}
function verboseOldGeneration() {
  if [[ -v oldGenPath ]]; then
    verboseEcho "  oldGenPath=$oldGenPath"
  else
    verboseEcho "  oldGenPath undefined (first run?)"
  fi
}
