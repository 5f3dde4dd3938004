//! Running something as a user: in a session of the user's own shell, and never taken for done when it did not begin.

mod guest_programs;
mod no_login;
mod script;
mod told;
#[cfg(test)]
mod trial;

pub use guest_programs::{as_written, looked_up, program_of, without_guest_programs};
pub use no_login::{NoLogin, NoLoginReason};
pub use script::{Errand, Language, Nonce, PLAIN_PATH, errand, prelude, session};
pub use told::{Told, Witness, parse_told};
