# The driver version says who moves the profile: 0 this script, 1 the caller.
hmDriverVersion=0
while (($# > 0)); do
  case $1 in
    --driver-version)
      (($# > 1)) || { errorEcho "$0: no driver version specified" >&2; exit 1; }
      (($2 == 0 || $2 == 1)) || { errorEcho "$0: unexpected driver version $2" >&2; exit 1; }
      hmDriverVersion=$2
      shift 2
      ;;
    *) _iError "%s: unknown option '%s'" "$0" "$1" >&2; exit 1 ;;
  esac
done
