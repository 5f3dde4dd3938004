//! What is run in the guest for a session: text for the bash that begins it.

use std::fmt;
use std::time::Duration;

use crate::machine::{GuestScript, TOOLS};
use crate::model::Session;
use switchproof_vm::process::quote;

/// How long start-up files may take, in seconds: a login under emulation on a busy host takes three.
pub(super) const BEGIN_LIMIT_S: u32 = 60;

/// PATH of a session that no login came before: Debian's own.
pub const PLAIN_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/games";

/// What only this one script knows: nothing that a guest's files hold can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    pub fn new() -> Self {
        let mut bytes = [0; 16];
        // A host without random numbers has no hash seeds and no temporary names either.
        getrandom::fill(&mut bytes).expect("the host has random numbers");
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one that a script was made with, for machines that only pretend to run it.
    pub fn of(script: &str) -> Option<Self> {
        let at = script.find("\nn=")? + 3;
        let digits = script.get(at..at + 32)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| Self(digits.to_owned()))
    }
}

impl Default for Nonce {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose words a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Of the user's own shell, whichever that is.
    User,
    /// Of bash, which takes the shell's place with the variables that its start-up files made, and reads no file.
    Bash,
}

/// What is to be run in a session, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Errand<'a> {
    /// The kind of session.
    pub session: Session,
    /// The language of the text.
    pub language: Language,
    /// The text.
    pub text: &'a str,
}

/// The beginning of every script that opens sessions.
pub fn prelude(nonce: &Nonce) -> String {
    include_str!("session.sh")
        .replace("@NONCE@", nonce.as_str())
        .replace("@BEGIN_LIMIT@", &BEGIN_LIMIT_S.to_string())
        .replace("@PLAIN_PATH@", PLAIN_PATH)
        .replace("@TOOLS@", TOOLS)
}

/// The line of such a script that runs an errand for at most `limit_s` seconds. With `tell`, the host is told at once that
/// it has begun.
pub fn session(errand: &Errand<'_>, limit_s: u64, tell: bool) -> String {
    let kind = match errand.session {
        Session::Login => "login",
        Session::Interactive => "interactive",
        Session::NonInteractive => "non-interactive",
        Session::Service => "service",
    };
    let language = match errand.language {
        Language::User => "user",
        Language::Bash => "bash",
    };
    format!(
        "session {kind} {language} {limit_s} {} {}",
        u8::from(tell),
        quote(errand.text)
    )
}

/// A script that runs one errand of `user` and says on standard error what became of it; see [`super::Witness`].
pub fn errand(user: &str, errand: &Errand<'_>, deadline: Duration, nonce: &Nonce) -> GuestScript {
    // The machine's deadline comes first, and ends everything.
    let limit_s = deadline.as_secs().saturating_add(3600);
    let script = format!(
        "{{\n{}{}\ntold >&2\n(exit \"${{status:-1}}\")\n}} </dev/null",
        prelude(nonce),
        session(errand, limit_s, true)
    );
    GuestScript::login(user, script, deadline)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_its_own_nonce_and_no_placeholder() {
        let nonce = Nonce::new();
        let what = Errand {
            session: Session::Login,
            language: Language::User,
            text: "echo \"it's\"",
        };
        let script = errand("alice", &what, Duration::from_secs(1), &nonce).script;
        assert_eq!(Nonce::of(&script), Some(nonce));
        for placeholder in ["@NONCE@", "@BEGIN_LIMIT@", "@PLAIN_PATH@", "@TOOLS@"] {
            assert!(!script.contains(placeholder), "{script}");
        }
        assert!(script.contains(r#"session login user 3601 1 'echo "it'\''s"'"#));
    }
}
