//! The sink that fits standard error: a terminal gets lines that change, everything else plain ones.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::ProgressDrawTarget;

use crate::ci::Ci;
use crate::colour;
use crate::report::{PlainSink, Sink, Telling, TerminalSink};

static QUIET: OnceLock<bool> = OnceLock::new();

/// Notes whether only what is wrong is said, once.
pub fn choose(quiet: bool) {
    let _ = QUIET.set(quiet);
}

/// Whether only what is wrong is said.
pub fn is_quiet() -> bool {
    QUIET.get().copied().unwrap_or_default()
}

/// The sink that fits standard error.
pub fn terminal_or_plain(verbose: bool) -> Box<dyn Sink> {
    let err = io::stderr();
    let telling = match (verbose, is_quiet()) {
        (true, _) => Telling::Everything,
        (false, true) => Telling::Trouble,
        (false, false) => Telling::Cases,
    };
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if err.is_terminal() && !dumb && telling == Telling::Cases {
        // Nobody reads any more: not a reason to stop the run.
        let above = |text: &str| drop(writeln!(io::stderr(), "{text}"));
        let target = ProgressDrawTarget::stderr_with_hz(10);
        Box::new(TerminalSink::new(target, above, colour::on_stderr()))
    } else {
        let plain = PlainSink::new(err, telling).in_ci(Ci::from_environment());
        Box::new(plain.colourful(colour::on_stderr()))
    }
}
