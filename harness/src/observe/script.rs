//! The two scripts that look at a guest: one of root for all homes, one of each user for their sessions.
//!
//! A process costs ten milliseconds under emulation and a round trip a hundred, so each script does all it can with
//! few processes, and sends fields that end in NUL, lists that end in an empty field, and tar archives.

use std::fmt::Write;

use crate::login::{Errand, Language, Nonce, prelude, session};
use crate::scenario::model::Session;

/// tar's `--blocking-factor`: an archive is padded to so many blocks.
pub(super) const BLOCKING_FACTOR: u64 = 128;

/// Parts of a home that are recorded but not looked into, with the reason.
pub(super) const EXCLUDED: [(&str, &str); 1] = [(
    ".cache/nix",
    "Nix's own caches: databases and clones that differ from run to run",
)];

/// How much of a stream of a command asked for is kept, in bytes.
pub(super) const COMMAND_BYTES: usize = 64 * 1024;
/// How much of a session's variables is kept, in bytes.
pub(super) const SESSION_BYTES: usize = 1024 * 1024;
/// How long a command asked for may take, in seconds.
pub const COMMAND_DEADLINE_S: u64 = 60;
/// How long the variables of a session may take to be printed, in seconds.
pub(super) const VARIABLES_DEADLINE_S: u64 = 30;
/// How long the look at a login session may take, in seconds.
pub(super) const LOOK_DEADLINE_S: u64 = 120;

/// First field of what the script of root sends.
pub(super) const HOMES_MAGIC: &str = "switchproof-homes-1";
/// What follows the script's nonce in the first field of the look at a login session.
pub(super) const LOGIN_MAGIC: &str = "switchproof-login-2";
/// The field before the variables of a session, after what start-up files print and a NUL.
pub(super) const SESSION_MAGIC: &str = "switchproof-session-1";

/// Captures the homes of `users`. POSIX sh, run by root.
pub(super) fn homes(users: &[String]) -> String {
    let mut script = String::from(HOMES_FUNCTIONS);
    let prune = EXCLUDED
        .map(|(path, _)| format!("-path {}", quote(&format!("./{path}"))))
        .join(" -o ");
    let exclude = EXCLUDED
        .map(|(path, _)| format!("--exclude={}", quote(&format!("./{path}"))))
        .join(" ");
    script = script
        .replace("@PRUNE@", &prune)
        .replace("@EXCLUDE@", &exclude)
        .replace("@MAGIC@", HOMES_MAGIC)
        .replace("@BLOCKING@", &BLOCKING_FACTOR.to_string());
    for user in users {
        // Writing to a String cannot fail.
        let _ = writeln!(script, "home {}", quote(user));
    }
    script.push_str("printf 'done\\0'\nexit 0; } </dev/null\n");
    script
}

// In braces, so that the shell has read it all before a command of it can read the shell's own input.
const HOMES_FUNCTIONS: &str = r#"{
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export LC_ALL PATH
unset TAR_OPTIONS POSIXLY_CORRECT
T=/run/switchproof-look-$$; umask 077
# One that is there already was left by a script that was killed.
mkdir "$T" || { rm -rf "$T"; mkdir "$T"; } || exit 90
trap 'rm -rf "$T"' EXIT
printf '@MAGIC@\0'
cat /etc/passwd; printf '\0'
cat /etc/group; printf '\0'
find /nix/var/nix/profiles /etc/profiles/per-user /run/current-system \
  -maxdepth 3 -type l -printf '%p\0%l\0' 2>"$T/err"
printf '\0'
ended() {
  printf 'end\0%s\0' "$1"
  if [ "$1" != 0 ]; then tail -c 4000 "$T/err" | tr -d '\000'; fi
  printf '\0'
}
home() {
  # The shell knows where homes are; a user it does not know stays a tilde.
  case $1 in *[!A-Za-z0-9._-]*) h= ;; *) eval "h=~$1" ;; esac
  case $h in /*) ;; *) h= ;; esac
  printf '%s\0%s\0' "$1" "$h"
  if [ -z "$h" ] || ! cd "$h"; then printf 'missing\0'; return; fi
  printf 'present\0'
  : >"$T/links"; : >"$T/follow"
  # One walk for what tar does not say: sockets, what is left out, and where links end.
  find . -xdev \( @PRUNE@ \) -printf 'x\0%P\0%m\0%U\0%G\0' -prune -o \
    -type s -printf 's\0%P\0%m\0%U\0%G\0' -o \
    -type l ! -xtype l \( -xtype f -o -xtype d -o -xtype p -o -xtype s -o -xtype c -o -xtype b \) \
      -fprint0 "$T/links" \
      \( -lname '/nix/store/*' -xtype f -o -lname '/nix/store/*-home-manager-files/*' -xtype d \) \
      -fprint0 "$T/follow" 2>"$T/err"
  printf '\0'
  cat "$T/links"; printf '\0'
  if [ -s "$T/links" ]; then xargs -0 readlink -z -m -- <"$T/links"; fi; printf '\0'
  for p in .local/state/nix/profiles/home-manager "/nix/var/nix/profiles/per-user/$1/home-manager" \
      .local/state/home-manager/gcroots/current-home; do
    if [ -e "$p/home-files" ]; then readlink -z -m -- "$p/home-files"; break; fi
  done
  printf '\0'
  for p in .local/state/nix/profile .nix-profile; do
    if [ -e "$p" ]; then readlink -z -m -- "$p"; break; fi
  done
  printf '\0'
  tar --create --file=- --format=gnu --sparse --numeric-owner --one-file-system \
    --blocking-factor=@BLOCKING@ --anchored --no-wildcards @EXCLUDE@ . 2>"$T/err"
  ended "$?"
  : >"$T/files"
  if [ -s "$T/follow" ]; then
    find -L -files0-from "$T/follow" -type f -size -32769k -fprint0 "$T/files" 2>"$T/err"
  fi
  tar --create --file=- --format=gnu --numeric-owner --dereference --hard-dereference --no-recursion \
    --blocking-factor=@BLOCKING@ --null --files-from="$T/files" 2>"$T/err"
  ended "$?"
}
"#;

/// What to look at in a user's session.
pub(super) struct LoginPlan<'a> {
    /// The kinds of session besides the login session.
    pub(super) sessions: Vec<Session>,
    /// Units asked for by name.
    pub(super) units: Vec<&'a str>,
    /// Commands asked for.
    pub(super) commands: Vec<(Session, &'a str)>,
}

/// Captures a user's sessions. In the login session bash takes over from the user's shell, with the session's
/// variables; every other session is a new one, and so is that of every command asked for.
pub(super) fn login(plan: &LoginPlan<'_>, nonce: &Nonce) -> String {
    let mut look = LOGIN_FUNCTIONS.replace("@MAGIC@", &format!("{nonce} {LOGIN_MAGIC}"));
    let units: Vec<String> = plan.units.iter().map(|unit| quote(unit)).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(look, "units {}", units.join(" "));
    look.push_str("printf 'done\\0'\nexit 0; } </dev/null\n");
    let look = Errand {
        session: Session::Login,
        language: Language::Bash,
        text: &look,
    };
    let mut script = format!(
        "{{\n{}{SEND_FUNCTIONS}{}\ntold\n",
        prelude(nonce),
        session(&look, LOOK_DEADLINE_S, false)
    );
    let variables = format!("printf '\\0{SESSION_MAGIC}\\0'; /usr/bin/env -0");
    for kind in &plan.sessions {
        let line = user_errand(*kind, &variables, VARIABLES_DEADLINE_S);
        let _ = writeln!(
            script,
            "{line} >\"$T.out\" 2>/dev/null; told; send \"$T.out\" {SESSION_BYTES}"
        );
    }
    for (kind, command) in &plan.commands {
        let line = user_errand(*kind, command, COMMAND_DEADLINE_S);
        let _ = writeln!(
            script,
            "{line} >\"$T.out\" 2>\"$T.err\"; told; \
             send \"$T.out\" {COMMAND_BYTES}; send \"$T.err\" {COMMAND_BYTES}"
        );
    }
    script.push_str("printf 'done\\0'; } </dev/null\n");
    script
}

fn user_errand(kind: Session, text: &str, limit_s: u64) -> String {
    let errand = Errand {
        session: kind,
        language: Language::User,
        text,
    };
    session(&errand, limit_s, false)
}

const SEND_FUNCTIONS: &str = r#"
send() { # FILE LIMIT: its size, how much of it follows, and that
  local size; size=$(/usr/bin/stat -c %s -- "$1") || size=0
  printf '%s\0' "$size"
  if (( size > $2 )); then size=$2; fi
  printf '%s\0' "$size"; /usr/bin/head -c "$size" -- "$1"
}
"#;

const LOGIN_FUNCTIONS: &str = r#"{
printf '\0@MAGIC@\0'
/usr/bin/env -0; printf '\0'
# The session's own PATH and variables must not change which tools look at it.
t() { local tool=/usr/bin/$1; shift; LC_ALL=C LD_PRELOAD= LD_LIBRARY_PATH= "$tool" "$@"; }
T=${XDG_RUNTIME_DIR:-/tmp}/switchproof-look-$$
t mkdir -m 700 "$T" 2>/dev/null || { t rm -rf -- "$T"; t mkdir -m 700 "$T"; } || exit 90
trap 't rm -rf -- "$T"' EXIT
programs() {
  local IFS=: dir other all dirs=()
  set -f; all=($PATH); set +f
  for dir in "${all[@]}"; do
    [[ $dir == /* && -d $dir ]] || continue
    # What two names of PATH lead to (/bin and /usr/bin) is listed once: the first wins anyway.
    for other in "${dirs[@]}"; do [[ $dir -ef $other ]] && continue 2; done
    dirs+=("$dir")
  done
  if (( ${#dirs[@]} == 0 )); then printf '\0\0\0\0\0'; return; fi
  printf '%s\0' "${dirs[@]}"; printf '\0'
  t readlink -z -m -- "${dirs[@]}"; printf '\0'
  : >"$T/1"; : >"$T/2"
  t find -H "${dirs[@]}" -mindepth 1 -maxdepth 1 -xtype f -executable -printf 'p\0%H\0%f\0%l\0' \
    -lname '/nix/store/*' -fprintf "$T/1" '%l\0' 2>/dev/null
  printf '\0'
  # Through the links of profiles made of profiles, two steps more.
  if [[ -s $T/1 ]]; then
    t find -files0-from "$T/1" -maxdepth 0 -type l -printf 'l\0%p\0%l\0' \
      -lname '/nix/store/*' -fprintf "$T/2" '%l\0' 2>/dev/null
  fi
  printf '\0'
  if [[ -s $T/2 ]]; then
    t find -files0-from "$T/2" -maxdepth 0 -type l -printf 'l\0%p\0%l\0' 2>/dev/null
  fi
  printf '\0'
}
programs
units() {
  local file names=("$@")
  shopt -s nullglob
  for file in "$HOME"/.config/systemd/user/*.{service,socket,timer,path,target,mount,slice}; do
    file=${file##*/}; [[ $file == *@.* ]] || names+=("$file")
  done
  shopt -u nullglob
  if (( ${#names[@]} == 0 )); then printf '\0\0%s\0' 0; return; fi
  printf '%s\0' "${names[@]}"; printf '\0'
  LC_ALL=C /usr/bin/timeout 30 /usr/bin/systemctl --user --no-pager show \
    --property=Id,LoadState,ActiveState,SubState,UnitFileState -- "${names[@]}" 2>/dev/null
  printf '\0%s\0' "$?"
}
"#;

/// One word for a POSIX shell, whatever it holds.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_break_out_of_their_quotes() {
        assert_eq!(quote("a'; rm -rf /; '"), r"'a'\''; rm -rf /; '\'''");
    }

    #[test]
    fn commands_are_run_in_their_order_and_each_in_a_session_of_its_own() {
        let plan = LoginPlan {
            sessions: vec![Session::Interactive],
            units: Vec::new(),
            commands: vec![(Session::Login, "zz"), (Session::Service, "aa")],
        };
        let script = login(&plan, &Nonce::new());
        let at = |line: &str| {
            script
                .find(line)
                .unwrap_or_else(|| panic!("no {line}: {script}"))
        };
        assert!(at("session interactive user 30 0") < at("session login user 60 0 'zz'"));
        assert!(at("session login user 60 0 'zz'") < at("session service user 60 0 'aa'"));
        for placeholder in ["@MAGIC@", "@NONCE@"] {
            assert!(!script.contains(placeholder), "{script}");
        }
    }

    #[test]
    fn what_is_left_out_is_left_out_of_both_walks() {
        let script = homes(&["alice".to_owned()]);
        for (path, _) in EXCLUDED {
            assert!(script.contains(&format!("-path './{path}'")), "{script}");
            assert!(
                script.contains(&format!("--exclude='./{path}'")),
                "{script}"
            );
        }
        assert!(!script.contains('@'), "a placeholder is left: {script}");
    }
}
