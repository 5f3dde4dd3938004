# The builder of every mkDerivation: phases and the helpers that build scripts
# call. Runs under the machine's bash with Debian's base programs.
set -eu -o pipefail
shopt -s nullglob inherit_errexit
export PATH=/usr/bin:/bin
for input in ${nativeBuildInputs-} ${buildInputs-} ${propagatedBuildInputs-}; do
  if [[ -d $input/bin ]]; then PATH=$input/bin:$PATH; fi
done
export HOME=/homeless-shelter TMPDIR=${NIX_BUILD_TOP:-/tmp} SOURCE_DATE_EPOCH=1
umask 022
for input in ${nativeBuildInputs-} ${buildInputs-}; do
  if [[ -f $input/nix-support/setup-hook ]]; then . "$input/nix-support/setup-hook"; fi
done
: "${outputs:=out}"
prefix=${out-}

runHook() { local code=${!1-}; if declare -F "$1" >/dev/null; then "$1"; elif [[ -n $code ]]; then eval "$code"; fi; }

# substituteInPlace FILE… { --replace[-fail|-warn|-quiet] OLD NEW | --subst-var[-by] NAME VALUE }…
substituteInPlace() {
  local -a files=()
  while (($#)) && [[ $1 != --* ]]; do files+=("$1"); shift; done
  local f
  for f in "${files[@]}"; do substitute "$f" "$f" "$@"; done
}
substitute() {
  local input=$1 output=$2 content mode=""
  shift 2
  [[ -x $input ]] && mode=x
  content=$(cat "$input"; echo x)
  content=${content%x}
  content=$(substituteStream content "file '$input'" "$@"; echo x) || return 1
  content=${content%x}
  [[ -e $output ]] && chmod u+w "$output"
  printf '%s' "$content" >"$output"
  [[ $mode ]] && chmod +x "$output"
  return 0
}
# substituteStream VARIABLE WHAT-IT-IS OPTION…: prints the text of a variable with the replacements made
substituteStream() {
  local text=${!1} from=$2
  shift 2
  while (($#)); do
    case $1 in
      --replace | --replace-fail | --replace-warn | --replace-quiet)
        if [[ $text != *"$2"* ]]; then
          case $1 in
            --replace-fail)
              echo "substituteStream() in derivation $name: ERROR: pattern $2 doesn't match anything in $from" >&2
              return 1
              ;;
            --replace | --replace-warn) echo "substituteStream() in derivation $name: WARNING: pattern $2 doesn't match anything in $from" >&2 ;;
          esac
        fi
        text=${text//"$2"/"$3"}
        shift 3
        ;;
      --subst-var) text=${text//"@$2@"/"${!2}"}; shift 2 ;;
      --subst-var-by) text=${text//"@$2@"/"$3"}; shift 3 ;;
      *) echo "substitute(): ERROR: Invalid command line argument: $1" >&2; return 1 ;;
    esac
  done
  printf '%s' "$text"
}
patchShebangs() { :; }
installBin() { local f; for f; do install -Dm755 "$f" "$out/bin/${f##*/}"; done; }

# makeWrapper ORIGINAL WRAPPER { --set VAR VALUE | --set-default … | --prefix VAR SEP VALUE | --suffix … | --unset VAR | --add-flags ARGS | --run CMD | --argv0 X | --inherit-argv0 }…
makeWrapper() {
  local original=$1 wrapper=$2 flags="" append=""
  shift 2
  mkdir -p "$(dirname "$wrapper")"
  {
    echo "#!${shell:-/bin/bash} -e"
    while (($#)); do
      case $1 in
        --set) printf 'export %s=%q\n' "$2" "$3"; shift 3 ;;
        --set-default) printf 'export %s=${%s-%q}\n' "$2" "$2" "$3"; shift 3 ;;
        --unset) printf 'unset %s\n' "$2"; shift 2 ;;
        --prefix) printf 'export %s=%q${%s:+%q$%s}\n' "$2" "$4" "$2" "$3" "$2"; shift 4 ;;
        --suffix) printf 'export %s=${%s:+$%s%q}%q\n' "$2" "$2" "$2" "$3" "$4"; shift 4 ;;
        --add-flags) flags+=" $2"; shift 2 ;;
        --append-flags) append+=" $2"; shift 2 ;;
        --add-flag) flags+=" $(printf %q "$2")"; shift 2 ;;
        --append-flag) append+=" $(printf %q "$2")"; shift 2 ;;
        --run) printf '%s\n' "$2"; shift 2 ;;
        --argv0) shift 2 ;;
        --inherit-argv0 | --resolve-argv0) shift ;;
        *) echo "makeWrapper doesn't understand the arg $1" >&2; return 1 ;;
      esac
    done
    printf 'exec %q%s "$@"%s\n' "$original" "$flags" "$append"
  } >"$wrapper"
  chmod +x "$wrapper"
}
wrapProgram() {
  local prog=$1 hidden
  hidden=$(dirname "$prog")/.$(basename "$prog")-wrapped
  while [[ -e $hidden || -L $hidden ]]; do hidden=${hidden}_; done
  mv "$prog" "$hidden"
  shift
  makeWrapper "$hidden" "$prog" "$@"
}
makeBinaryWrapper() { makeWrapper "$@"; }
makeShellWrapper() { makeWrapper "$@"; }
wrapProgramShell() { wrapProgram "$@"; }
installShellCompletion() { :; }
installManPage() { local f; for f; do install -Dm644 "$f" "$out/share/man/man${f##*.}/${f##*/}"; done; }

unpackPhase() {
  local -a list=(${srcs-${src-}})
  local s
  for s in "${list[@]}"; do
    if [[ -d $s ]]; then
      cp -r "$s" "$(basename "$s" | sed 's/^[0-9a-z]\{32\}-//')"
    elif [[ $s == *.tar* || $s == *.tgz ]]; then
      tar xf "$s"
    else
      cp "$s" "$(basename "$s" | sed 's/^[0-9a-z]\{32\}-//')"
    fi
  done
  chmod -R u+w .
  local -a dirs=(*/)
  if [[ -n ${sourceRoot-} ]]; then cd "$sourceRoot"; elif ((${#dirs[@]} == 1)); then cd "${dirs[0]}"; fi
}
patchPhase() { local p; runHook prePatch; for p in ${patches-}; do patch -p1 <"$p"; done; runHook postPatch; }
configurePhase() { runHook preConfigure; runHook postConfigure; }
buildPhase() {
  runHook preBuild
  if [[ -e Makefile ]]; then echo "The pocket channel has no compiler and no make; run this scenario on the real channel." >&2; return 1; fi
  runHook postBuild
}
checkPhase() { :; }
installPhase() { runHook preInstall; mkdir -p "$out"; runHook postInstall; }
fixupPhase() { runHook preFixup; runHook postFixup; }
runPhase() {
  local code=${!1-}
  if [[ -n $code ]]; then eval "$code"; else "$1"; fi
}

# A build command is a part of a function, as upstream: it may have local variables.
genericBuild() {
  if [[ -n ${buildCommandPath-} ]]; then
    . "$buildCommandPath"
  elif [[ -n ${buildCommand-} ]]; then
    eval "$buildCommand"
  else
    [[ -n ${dontUnpack-} ]] || runPhase unpackPhase
    runPhase patchPhase
    [[ -n ${dontConfigure-} ]] || runPhase configurePhase
    [[ -n ${dontBuild-} ]] || runPhase buildPhase
    [[ -z ${doCheck-} ]] || runPhase checkPhase
    [[ -n ${dontInstall-} ]] || runPhase installPhase
    [[ -n ${dontFixup-} ]] || runPhase fixupPhase
  fi
}

# Build scripts may use variables that are not set.
set +u
[[ -z ${NIX_BUILD_TOP-} ]] || cd "$NIX_BUILD_TOP"
genericBuild
exit 0
