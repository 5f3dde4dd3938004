//! The sink that fits standard error: a terminal gets lines that change, everything else plain ones.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

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
        Box::new(TerminalSink::new(err, columns, colour::on_stderr()))
    } else {
        let plain = PlainSink::new(err, telling).in_ci(Ci::from_environment());
        Box::new(plain.colourful(colour::on_stderr()))
    }
}

/// The width of the terminal at this moment.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    size.ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|&columns| columns > 0)
        .unwrap_or(80)
}
