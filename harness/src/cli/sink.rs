//! The sink that fits standard error: a terminal gets lines that change, everything else plain ones.

use std::io::{self, IsTerminal};

use crate::ci::Ci;
use crate::colour;
use crate::report::{PlainSink, Sink, TerminalSink};

/// The sink that fits standard error.
pub fn terminal_or_plain(verbose: bool) -> Box<dyn Sink> {
    let err = io::stderr();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if err.is_terminal() && !dumb && !verbose {
        Box::new(TerminalSink::new(err, columns, colour::on_stderr()))
    } else {
        let plain = PlainSink::new(err, verbose).in_ci(Ci::from_environment());
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
