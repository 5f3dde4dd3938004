//! The `switchproof` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    switchproof::cli::main()
}
