//! The two scripts that observe a guest: one of root for all homes, one of each user for their sessions.
//!
//! A process costs ten milliseconds under emulation and a round trip a hundred, so each script does all it can with
//! few processes, and sends fields that end in NUL, lists that end in an empty field, and tar archives.

use std::collections::BTreeSet;
use std::fmt::Write;

use switchproof_vm::process::quote;

use super::generation_link::GENERATION_OF;
use crate::login::{Errand, Language, Nonce, prelude, session, without_guest_programs};
use crate::machine::TOOLS;
use crate::model::Session;

/// tar's `--blocking-factor`: an archive is padded to so many blocks.
pub(super) const BLOCKING_FACTOR: u64 = 128;

/// Parts of a home that are recorded but not looked into, with the reason.
pub(super) const EXCLUDED: [(&str, &str); 1] = [(
    ".cache/nix",
    "Nix's own caches: databases and clones that differ from run to run",
)];

/// Whether a path of a home is one of those that are never looked into.
pub fn is_always_excluded(path: &str) -> bool {
    EXCLUDED.iter().any(|(excluded, _)| *excluded == path)
}

/// How much of a stream of a command asked for is kept, in bytes.
pub(super) const COMMAND_BYTES: usize = 64 * 1024;
/// How much of a session's variables is kept, in bytes.
pub(super) const SESSION_BYTES: usize = 1024 * 1024;
/// How long a command asked for may take, in seconds.
pub const COMMAND_DEADLINE_S: u64 = 60;
/// How long the variables of a session may take to be printed, in seconds.
pub(super) const VARIABLES_DEADLINE_S: u64 = 30;
/// How long observing a login session may take, in seconds.
pub(super) const OBSERVE_DEADLINE_S: u64 = 120;

/// Where a system says what of its host is not in it, as the machine has its own: `vm/pocket/nixpkgs/machine.nix`.
const REPLACED: &str = "/run/current-system/replaced-by-the-machine";
/// How much of it is kept, in bytes.
pub(super) const REPLACED_BYTES: usize = 16 * 1024;

/// First field of what the script of root sends.
pub(super) const HOMES_MAGIC: &str = "switchproof-homes-1";
/// What follows the script's nonce in the first field of what is seen of a login session.
pub(super) const LOGIN_MAGIC: &str = "switchproof-login-2";
/// The field before the variables of a session, after what start-up files print and a NUL.
pub(super) const SESSION_MAGIC: &str = "switchproof-session-1";

/// A path in the store that is, or is in, a profile made of packages. An extended regular expression.
const PROFILE: &str = "/nix/store/[^/-]*-(home-manager-path|user-environment|system-path|profile|user|[^/]*-environment)(/.*)?";
/// A path in the store that is, or is in, somebody's package: its name has a version, or it is Home Manager's own command, which
/// has none.
const VERSIONED: &str = "/nix/store/[^/-]*-([^/]*-[^[:alpha:]/][^/]*|home-manager)(/.*)?";
/// Where the guest keeps what was in it before the first step: the names in the store, and of each user the variables
/// of a login session.
const BEFORE: &str = "/var/lib/switchproof/before";
/// The file with the names in the store; those of users end in `.session`.
const STORE_NAMES: &str = "store";

/// Writes down what is in the store before the first step. POSIX sh, run by root.
pub fn before(users: &[&str]) -> String {
    let mut script = format!(
        "set -eu\nmkdir -p -m 755 {BEFORE}\n\
         find /nix/store -mindepth 1 -maxdepth 1 ! -name '*.drv' ! -name '*.lock' -printf '%f\\0' >{BEFORE}/{STORE_NAMES}\n"
    );
    for user in users {
        let (file, user) = (quote(&before_of(user)), quote(user));
        let _ = writeln!(script, ": >{file}; chown {user}: {file}");
    }
    script
}

/// Writes down the variables of a login session before the first step. Run by bash in that session, as the session is
/// looked at later.
pub fn before_session(user: &str) -> String {
    format!("{TOOLS}/env -0 >{}", quote(&before_of(user)))
}

/// Makes what was written down root's alone. POSIX sh, run by root.
pub fn before_is_known() -> String {
    format!("chown -R root: {BEFORE} && chmod -R go= {BEFORE}")
}

fn before_of(user: &str) -> String {
    format!("{BEFORE}/{user}.session")
}

/// Captures the homes of `users`, without looking into the folders of `exclude`. POSIX sh, run by root.
pub(super) fn homes(users: &[String], exclude: &BTreeSet<String>) -> String {
    let mut script = String::from(HOMES_FUNCTIONS);
    let always = EXCLUDED.map(|(path, _)| path);
    let excluded: BTreeSet<String> = always
        .into_iter()
        .chain(exclude.iter().map(String::as_str))
        .map(|path| format!("./{path}"))
        .collect();
    let prune: Vec<String> = excluded
        .iter()
        .map(|path| format!("-path {}", quote(&literal(path))))
        .collect();
    let exclude: Vec<String> = excluded
        .iter()
        .map(|path| format!("--exclude={}", quote(path)))
        .collect();
    script = script
        .replace("@MAGIC@", HOMES_MAGIC)
        .replace("@HOME_OF@", HOME_OF)
        .replace("@GENERATION_OF@", GENERATION_OF)
        .replace("@PACKAGES@", &quote(include_str!("packages.pl")))
        .replace("@PROFILE@", &format!("^{PROFILE}$"))
        .replace("@VERSIONED@", &format!("^{VERSIONED}$"))
        .replace("@BEFORE@", BEFORE)
        .replace("@STORE_NAMES@", STORE_NAMES)
        .replace("@BLOCKING@", &BLOCKING_FACTOR.to_string())
        .replace("@PRUNE@", &prune.join(" -o "))
        .replace("@EXCLUDE@", &exclude.join(" "));
    for user in users {
        // Writing to a String cannot fail.
        let _ = writeln!(script, "home {}", quote(user));
    }
    let _ = writeln!(
        script,
        "head -c {REPLACED_BYTES} {REPLACED} 2>/dev/null; printf '\\0done\\0'\nexit 0; }} </dev/null"
    );
    script
}

/// A path as a pattern of `find` that means nothing but the path.
fn literal(path: &str) -> String {
    let mut pattern = String::new();
    for character in path.chars() {
        if "\\*?[".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// A shell's function that sets `h` to the home of a user, and to nothing where there is none.
pub const HOME_OF: &str = r#"home_of() {
  h=
  while IFS=: read -r u _ _ _ _ d _; do
    if [ "$u" = "$1" ]; then h=$d; break; fi
  done </etc/passwd
  case $h in /*) ;; *) h= ;; esac
}"#;

// In braces, so that the shell has read it all before a command of it can read the shell's own input.
const HOMES_FUNCTIONS: &str = r#"{
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export LC_ALL PATH
unset TAR_OPTIONS POSIXLY_CORRECT
PROFILE='@PROFILE@'; VERSIONED='@VERSIONED@'
T=/run/switchproof-look-$$; umask 077
# One that is there already was left by a script that was killed.
mkdir "$T" || { rm -rf "$T"; mkdir "$T"; } || exit 90
trap 'rm -rf "$T"' EXIT
printf '@MAGIC@\0'
cat /etc/passwd; printf '\0'
cat /etc/group; printf '\0'
cat @BEFORE@/@STORE_NAMES@ 2>/dev/null; printf '\0'
find /nix/var/nix/profiles /etc/profiles/per-user /run/current-system \
  -maxdepth 3 -type l -printf '%p\0%l\0' 2>"$T/err"
printf '\0'
ended() {
  printf 'end\0%s\0' "$1"
  if [ "$1" != 0 ]; then tail -c 4000 "$T/err" | tr -d '\000'; fi
  printf '\0'
}
# Of the links listed in $1 those that end in the store, into $2.
stored() {
  : >"$2"; [ -s "$1" ] || return 0
  xargs -0 readlink -z -m -- <"$1" >"$T/stored"
  # An end has no /./ in it, and every link begins with ./
  paste -z -d / "$T/stored" "$1" |
    sed -z -n -e '\,^/nix/store/,!d' -e 's,/\./,\n,' -e 's,^[^\n]*\n,./,p' >"$2"
}
# What is behind the links listed in $T/start: directories and links within them here, files into $T/files. A link in a
# directory is followed in the next round; what leads round in a circle is left after the last.
behind() {
  : >"$T/files"
  for round in 1 2 3 4 5; do
    stored "$T/start" "$T/level"
    [ -s "$T/level" ] || break
    find -H -files0-from "$T/level" -type f -fprint0 "$T/found" , -type d -printf 'd\0%p\0' , \
      -type l -printf 'l\0%p\0%l\0' \( -xtype f -o -xtype d \) -fprint0 "$T/start" 2>"$T/err"
    cat "$T/found" >>"$T/files"
  done
  printf '\0'
}
# The packages of the profiles $@, and files of those that the setup itself made.
packages() {
  perl=/usr/bin/perl; [ ! -x /run/switchproof/perl ] || perl=/run/switchproof/perl
  "$perl" -e @PACKAGES@ -- "$PROFILE" "$VERSIONED" "$T/files" "$@" 2>"$T/err"
  if [ ! -s "$T/files" ]; then printf '\0'; return; fi
  printf 'own\0'
  archive --absolute-names --hard-dereference --no-recursion --null --files-from="$T/files"
}
archive() { tar --create --file=- --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime --mtime=@0 \
  --numeric-owner --blocking-factor=@BLOCKING@ "$@" 2>"$T/err"; ended "$?"; }
@HOME_OF@
@GENERATION_OF@
home() {
  home_of "$1"
  printf '%s\0%s\0' "$1" "$h"
  cat "@BEFORE@/$1.session" 2>/dev/null; printf '\0'
  if [ -z "$h" ] || ! cd "$h"; then printf 'missing\0'; return; fi
  printf 'present\0'
  : >"$T/links"; : >"$T/start"
  # One walk for what tar does not say: sockets, what is left out, and where links end. Of directories in the store
  # those are looked into that are no package and no profile: what is in these is said by their programs.
  find . -xdev \( @PRUNE@ \) -printf 'x\0%P\0%m\0%U\0%G\0' -prune -o \
    -type s -printf 's\0%P\0%m\0%U\0%G\0' -o \
    -type l ! -xtype l \( -xtype f -o -xtype d -o -xtype p -o -xtype s -o -xtype c -o -xtype b \) \
      -fprint0 "$T/links" \
      \( -xtype f -o -xtype d -lname '/nix/store/*-home-manager-files/*' -o -xtype d -lname '/nix/store/*' \
        ! -path './.local/state/nix/profiles/*' ! -path './.local/state/home-manager/gcroots/*' \
        ! -lname '*-home-manager-generation*' ! -lname '*-home-manager-path*' ! -lname '*-environment*' \
        ! -lname '/nix/store/*-[0-9]*' \) \
      -fprint0 "$T/start" 2>"$T/err"
  printf '\0'
  cat "$T/links"; printf '\0'
  if [ -s "$T/links" ]; then xargs -0 readlink -z -m -- <"$T/links"; fi; printf '\0'
  generation_of "$1"
  [ -z "$generation" ] || readlink -z -m -- "$generation/home-files"
  printf '\0'
  for p in .local/state/nix/profile .nix-profile; do
    if [ -e "$p" ]; then readlink -z -m -- "$p"; break; fi
  done
  printf '\0'
  packages "$p" "/etc/profiles/per-user/$1"
  archive --sparse --xattrs --xattrs-include='*' --acls --one-file-system --anchored --no-wildcards @EXCLUDE@ .
  behind
  archive --dereference --hard-dereference --no-recursion --null --files-from="$T/files"
}
"#;

/// What is asked for in a user's sessions.
pub(super) struct LoginProbes<'a> {
    /// The kinds of session besides the login session.
    pub(super) sessions: Vec<Session>,
    /// Units asked for by name.
    pub(super) units: Vec<&'a str>,
    /// Commands asked for, each with whether it finds no program of the guest's own.
    pub(super) commands: Vec<(Session, &'a str, bool)>,
}

/// Captures a user's sessions. In the login session bash takes over from the user's shell, with the session's
/// variables; every other session is a new one, and so is that of every command asked for.
pub(super) fn login(probes: &LoginProbes<'_>, nonce: &Nonce) -> String {
    let mut body = LOGIN_FUNCTIONS
        .replace("@MAGIC@", &format!("{nonce} {LOGIN_MAGIC}"))
        .replace("@TOOLS@", TOOLS)
        .replace("@PROFILE@", PROFILE)
        .replace("@VERSIONED@", VERSIONED)
        .replace("@BLOCKING@", &BLOCKING_FACTOR.to_string())
        .replace("@UNABLE@", &quote(UNABLE));
    let units: Vec<String> = probes.units.iter().map(|unit| quote(unit)).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(body, "units {}", units.join(" "));
    body.push_str("printf 'done\\0'\nexit 0; } </dev/null\n");
    let errand = Errand {
        session: Session::Login,
        language: Language::Bash,
        text: &body,
    };
    let mut script = format!(
        "{{\n{}{}{}\ntold\n",
        prelude(nonce),
        SEND_FUNCTIONS.replace("@TOOLS@", TOOLS),
        session(&errand, OBSERVE_DEADLINE_S, false)
    );
    let variables = format!("printf '\\0{SESSION_MAGIC}\\0'; {TOOLS}/env -0");
    for kind in &probes.sessions {
        let line = user_errand(*kind, &variables, VARIABLES_DEADLINE_S);
        let _ = writeln!(
            script,
            "{line} >\"$T.out\" 2>/dev/null; told; send \"$T.out\" {SESSION_BYTES}"
        );
    }
    for (kind, command, without_guests) in &probes.commands {
        let command = match without_guests {
            true => &without_guest_programs(command),
            false => *command,
        };
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
  local size; size=$(@TOOLS@/stat -c %s -- "$1") || size=0
  printf '%s\0' "$size"
  if (( size > $2 )); then size=$2; fi
  printf '%s\0' "$size"; @TOOLS@/head -c "$size" -- "$1"
}
"#;

const UNABLE: &str = include_str!("unable.pl");

const LOGIN_FUNCTIONS: &str = r#"{
printf '\0%s\0' '@MAGIC@'
@TOOLS@/env -0; printf '\0'
# The session's own PATH and variables must not change which tools look at it.
t() { local tool=@TOOLS@/$1; shift; LC_ALL=C LD_PRELOAD= LD_LIBRARY_PATH= "$tool" "$@"; }
T=${XDG_RUNTIME_DIR:-/tmp}/switchproof-look-$$
t mkdir -m 700 "$T" 2>/dev/null || { t rm -rf -- "$T"; t mkdir -m 700 "$T"; } || exit 90
trap 't rm -rf -- "$T"' EXIT
programs() {
  local IFS=: dir other all profile versioned
  dirs=() ends=()
  set -f; all=($PATH); set +f
  for dir in "${all[@]}"; do
    [[ $dir == /* && -d $dir ]] || continue
    # What two names of PATH lead to (/bin and /usr/bin) is listed once: the first wins anyway.
    for other in "${dirs[@]}"; do [[ $dir -ef $other ]] && continue 2; done
    dirs+=("$dir")
  done
  if (( ${#dirs[@]} == 0 )); then printf '\0\0\0\0\0\0'; return; fi
  printf '%s\0' "${dirs[@]}"; printf '\0'
  t readlink -z -m -- "${dirs[@]}" >"$T/ends"; readarray -d '' ends <"$T/ends"
  printf '%s\0' "${ends[@]}"; printf '\0'
  : >"$T/1"; : >"$T/2"; : >"$T/3"; : >"$T/own"; : >"$T/own-1"; : >"$T/own-2"
  # Programs of a store path that is no profile and whose name has no version are the setup's own.
  profile='@PROFILE@'; versioned='@VERSIONED@'
  for dir in "${ends[@]}"; do
    [[ $dir == /nix/store/* && ! $dir =~ ^$profile$ && ! $dir =~ ^$versioned$ ]] || continue
    t find "$dir" -mindepth 1 -maxdepth 1 -xtype f -executable -print0 >>"$T/own" 2>/dev/null
  done
  t find -H "${dirs[@]}" -mindepth 1 -maxdepth 1 -xtype f -executable -printf 'p\0%H\0%f\0%l\0' \
    -lname '/nix/store/*' -fprintf "$T/1" '%l\0' 2>/dev/null
  printf '\0'
  # Through the links of profiles made of profiles, two steps more.
  if [[ -s $T/1 ]]; then
    t find -files0-from "$T/1" -maxdepth 0 -regextype posix-extended \
      ! -regex "$profile" ! -regex "$versioned" -fprint0 "$T/own-1" , \
      -regex "$profile" -type l -lname '/nix/store/*' -fprintf "$T/3" '%l\0' , \
      -type l -printf 'l\0%p\0%l\0' -lname '/nix/store/*' -fprintf "$T/2" '%l\0' 2>/dev/null
  fi
  printf '\0'
  if [[ -s $T/2 ]]; then
    t find -files0-from "$T/2" -maxdepth 0 -type l -printf 'l\0%p\0%l\0' 2>/dev/null
  fi
  printf '\0'
  if [[ -s $T/3 ]]; then
    t find -files0-from "$T/3" -maxdepth 0 -regextype posix-extended \
      ! -regex "$profile" ! -regex "$versioned" -fprint0 "$T/own-2" 2>/dev/null
  fi
  t sort -zu -- "$T/own" "$T/own-1" "$T/own-2" >"$T/files"
  if [[ ! -s $T/files ]]; then printf '\0'; return; fi
  printf 'own\0'
  t tar --create --file=- --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime --mtime=@0 \
    --numeric-owner --blocking-factor=@BLOCKING@ --absolute-names --hard-dereference --no-recursion \
    --null --files-from="$T/files" 2>"$T/err"
  printf 'end\0%s\0' "$?"; t tail -c 4000 "$T/err" | t tr -d '\000'; printf '\0'
}
programs
# Which programs of the user's own profiles cannot be executed, and why.
unable() {
  local at own=() perl=/usr/bin/perl
  [[ ! -x /run/switchproof/perl ]] || perl=/run/switchproof/perl
  for at in "${!dirs[@]}"; do
    case ${dirs[at]%/} in
      */.nix-profile/bin | */.local/state/nix/profile/bin | /etc/profiles/per-user/*/bin) own+=("${ends[at]}") ;;
    esac
  done
  (( ${#own[@]} )) || return
  t find "${own[@]}" -mindepth 1 -maxdepth 1 -xtype f -executable \( -lname '/nix/store/*' -printf '%l\0' -o -print0 \) \
    >"$T/1" 2>/dev/null
  SWITCHPROOF_LIBRARY_PATH=$LD_LIBRARY_PATH PERL5OPT= PERL5LIB= LC_ALL=C LD_PRELOAD= LD_LIBRARY_PATH= \
    "$perl" -e @UNABLE@ <"$T/1" 2>/dev/null
}
[[ ! -e $T/1 ]] || unable
printf '\0'
units() {
  local file names=("$@")
  shopt -s nullglob
  for file in "$HOME"/.config/systemd/user/*.{service,socket,timer,path,target,mount,slice}; do
    file=${file##*/}; [[ $file == *@.* ]] || names+=("$file")
  done
  shopt -u nullglob
  if (( ${#names[@]} == 0 )); then printf '\0\0%s\0' 0; return; fi
  printf '%s\0' "${names[@]}"; printf '\0'
  LC_ALL=C @TOOLS@/timeout 30 @TOOLS@/systemctl --user --no-pager show \
    --property=Id,LoadState,ActiveState,SubState,UnitFileState -- "${names[@]}" 2>/dev/null
  printf '\0%s\0' "$?"
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_run_in_their_order_and_each_in_a_session_of_its_own() {
        let probes = LoginProbes {
            sessions: vec![Session::Interactive],
            units: Vec::new(),
            commands: vec![
                (Session::Login, "zz", false),
                (Session::Service, "aa", false),
            ],
        };
        let script = login(&probes, &Nonce::new());
        let at = |line: &str| {
            script
                .find(line)
                .unwrap_or_else(|| panic!("no {line}: {script}"))
        };
        assert!(at("session interactive user 30 0") < at("session login user 60 0 zz"));
        assert!(at("session login user 60 0 zz") < at("session service user 60 0 aa"));
        // Behind `\\0` in a format of printf the digits that a nonce may begin with are part of the escape.
        assert!(LOGIN_FUNCTIONS.contains(r"printf '\0%s\0' '@MAGIC@'"));
        for placeholder in ["@MAGIC@", "@NONCE@", "@BLOCKING@", "@UNABLE@"] {
            assert!(!script.contains(placeholder), "{script}");
        }
    }

    #[test]
    fn packages_are_told_from_what_a_setup_made_by_their_names() {
        let versioned = regex::Regex::new(&format!("^{VERSIONED}$")).unwrap();
        let is_package = |name: &str| versioned.is_match(&format!("/nix/store/0123-{name}"));
        for package in [
            "git-2.47.3/bin/git",
            "home-manager",
            "home-manager/bin/home-manager",
        ] {
            assert!(is_package(package), "{package}");
        }
        for made in [
            "deploy/bin/deploy",
            "hm-session-vars.sh",
            "home-manager-files",
        ] {
            assert!(!is_package(made), "{made}");
        }
    }

    #[test]
    fn what_is_left_out_is_left_out_of_both_walks() {
        let asked = BTreeSet::from(["big/it's".to_owned()]);
        let script = homes(&["alice".to_owned()], &asked);
        assert!(script.contains(r"-path './big/it'\''s'"), "{script}");
        assert!(script.contains(r"--exclude='./big/it'\''s'"), "{script}");
        for (path, _) in EXCLUDED {
            let path = quote(&format!("./{path}"));
            assert!(script.contains(&format!("-path {path}")), "{script}");
            assert!(script.contains(&format!("--exclude={path}")), "{script}");
        }
        let placeholder = script.split('@').skip(1).step_by(2).find(|part| {
            part.chars()
                .all(|one| one.is_ascii_uppercase() || one == '_')
        });
        assert_eq!(placeholder, None, "a placeholder is left: {script}");
    }
}
