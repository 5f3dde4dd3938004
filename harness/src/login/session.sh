# Sessions of the user's own shell, begun by a bash that has read no file of the user's and cannot be misled by one.
# Whoever appends to this has `session`, and `told` at the end. The user's shell writes a mark once its start-up
# files are through: what never wrote it never ran.
n=@NONCE@
serial=0
shell=/bin/sh
# The shell as the guest's list of users has it now: a switch may have changed it since the last login.
while IFS=: read -r name _ _ _ _ _ entry; do
  if [[ $name == "$USER" ]]; then shell=${entry:-/bin/sh}; break; fi
done </etc/passwd
export SHELL=$shell
T=${XDG_RUNTIME_DIR:-/tmp}/switchproof-session-$$
@TOOLS@/mkfifo -m 600 -- "$T" 2>/dev/null || { @TOOLS@/rm -rf -- "$T"; @TOOLS@/mkfifo -m 600 -- "$T"; }
trap '@TOOLS@/rm -rf -- "$T" "$T".*' EXIT
exec 9<>"$T"

# Sets `word` to one word of the user's shell, whatever $1 holds.
quoted() {
  local quote="'" escaped="'\\''" backslash='\'
  word=$1
  if [[ $family == fish ]]; then word=${word//"$backslash"/"$backslash$backslash"}; fi
  word=$quote${word//"$quote"/"$escaped"}$quote
}

# Sets `text` to what the user's shell is to read, with marks before and after. `eval` keeps a command that cannot be
# parsed from taking the marks with it.
compose() { # LANGUAGE COMMAND
  local command=$2
  case ${shell##*/} in
    fish) family=fish ;;
    bash | rbash | zsh | sh | dash | ash | ksh* | mksh) family=posix ;;
    # No shells: what is there to keep people out writes no mark, which is what it is for.
    nologin | false | true) family=posix ;;
    *) family= ;;
  esac
  if [[ $1 == bash ]]; then quoted "$command"; command="exec @TOOLS@/bash -p -c $word"; fi
  quoted "$command"
  case $family in
    fish) text="@TOOLS@/echo $token began >>$T; eval $word; begin; @TOOLS@/echo $token ended \$status >>$T; end 2>/dev/null" ;;
    posix) text="@TOOLS@/echo $token began >>$T; eval $word; { @TOOLS@/echo $token ended \$? >>$T; } 2>/dev/null" ;;
    # Nobody knows how such a shell would write a mark.
    *) text=$command; printf '%s began\n' "$token" >&9 ;;
  esac
}

# Turns into the user's shell.
become() { # KIND
  local name=${shell##*/} plain=(
    @TOOLS@/env -i --argv0="${shell##*/}" HOME="$HOME" USER="$USER" LOGNAME="$USER" SHELL="$shell" LANG=C.UTF-8
    TERM=dumb XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" PATH=@PLAIN_PATH@ ${PS4_TRACED:+"PS4=$PS4_TRACED"}
  )
  case $1 in
    login)
      unset SHLVL OLDPWD
      if [[ -n $PS4_TRACED ]]; then export PS4=$PS4_TRACED; fi
      exec -a "-$name" "$shell" $traced -c "$text" ;;
    interactive) exec "${plain[@]}" "$shell" $traced -i -c "$text" ;;
    non-interactive) exec "${plain[@]}" "$shell" $traced -c "$text" ;;
    service)
      exec @TOOLS@/systemd-run --user --pipe --wait --quiet --collect --service-type=exec --expand-environment=no \
        -- "$shell" -c "$text" ;;
  esac
}

# Runs the composed text and passes on what is heard of it: words of its own tokens alone. In a process group of its
# own, so that it can be ended with what it started.
attend() { # KIND BEGIN-LIMIT RUN-LIMIT
  local limit=$2 heard what value pid
  outcome=stuck status=
  set -m
  { ( become "$1" ) 2>&8 8>&- 9>&-; printf '%s over %s\n' "$token" "$?" >&9; } 8>&2 2>/dev/null &
  pid=$!
  # Nothing is to be said of it when it is killed.
  disown "$pid"
  while read -r -t "$limit" -u 9 heard what value; do
    if [[ $heard != "$token" ]]; then continue; fi
    case $what in
      began)
        outcome=late limit=$3
        if (( $4 )); then printf '\0%s began\0' "$n" >&2; fi ;;
      ended) status=$value ;;
      over)
        status=${status:-$value}
        if [[ $outcome == late ]]; then outcome=ran; else outcome=ended; fi
        break ;;
    esac
  done
  case $outcome in stuck | late) kill -KILL -- "-$pid"; status=124 ;; esac 2>/dev/null
  set +m
}

# Runs a command in a session of a KIND (login, interactive, non-interactive, service). The LANGUAGE is the `user`'s
# shell's own, or `bash`, which then takes the shell's place with the variables that it has made. Sets `outcome`
# (ran, late, ended, stuck, no-shell, no-program) and `status`, and `last`, what start-up files did last.
session() { # KIND LANGUAGE RUN-LIMIT TELL COMMAND
  local traced= PS4_TRACED= text word family token
  last=
  if [[ ! -e $shell ]]; then outcome=no-shell status=127; return; fi
  if [[ ! -f $shell || ! -x $shell ]]; then outcome=no-program status=126; return; fi
  token=$n.$((serial += 1))
  compose "$2" "$5"
  attend "$1" @BEGIN_LIMIT@ "$3" "$4"
  case $outcome in ended | stuck) blame "$1" "$outcome" "$status" ;; esac
}

# What did the start-up files do last? The shell is begun once more, this time tracing them.
blame() { # KIND OUTCOME STATUS
  case ${shell##*/} in
    bash) PS4_TRACED='+@@ ${BASH_SOURCE}:${LINENO}: ' ;;
    zsh) PS4_TRACED='+@@ %x:%I: ' ;;
    *) return ;;
  esac
  traced=-x token=$n.$((serial += 1)) text=:
  attend "$1" 10 10 0 >"$T.why" 2>&1 </dev/null
  last=$(@TOOLS@/tail -c 65536 -- "$T.why" | LC_ALL=C @TOOLS@/grep -a '^+*@@ [^ ]*:[0-9]*: ' |
    @TOOLS@/grep -av '^+*@@ [^ ]*logout:' | @TOOLS@/tail -n 1 | @TOOLS@/cut -c 1-300)
  outcome=$2 status=$3
}

# The last words, for the host: they begin with what nobody else can know.
told() { printf '\0%s told\n%s\n%s\n%s\n%s\0' "$n" "$outcome" "$status" "$shell" "$last"; }
