//! The commands and what they say of themselves.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::common::Exit;
use super::{
    cache, channel, check, diff, doctor, examples, image, init, list, manual, merge, plan, preview,
    render, review, run, shell, sink,
};
use crate::colour::{self, ColourChoice};

/// Proves a Home Manager switch in a virtual machine before you make it.
///
/// Scenario files describe flake setups and what must be true after the switch. Each one is built and switched
/// to inside a QEMU machine; what the home then holds and what the user can run is compared with a reviewed
/// snapshot. Needs neither Nix nor KVM on this machine.
#[derive(Parser)]
#[command(name = "switchproof", version, after_help = AFTER)]
struct Args {
    /// When to print in colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColourChoice,
    /// Say only what is wrong, and how it ended: no progress, and nothing of what went well
    #[arg(long, short, global = true, env = "SWITCHPROOF_QUIET", value_parser = FalseyValueParser::new(),
          hide_env_values = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Start here:
  switchproof doctor          what works on this machine and what is missing
  switchproof run             run every scenario in scenarios/
  switchproof preview .       what a newer stateVersion, other inputs or a commit change on your machine
  switchproof review          go through what differs from the snapshots: accept, reject or skip

Exit status: 0 all passed, 1 a case failed, 2 the input is wrong, 3 the machinery failed.
A run that a signal ends (Ctrl-C) writes its reports first and ends by that signal.
Environment: SWITCHPROOF_CACHE_DIR (where images and frozen machines are kept), SWITCHPROOF_ACCEL (kvm, hvf, tcg),
SWITCHPROOF_CACHE_LIMIT (how much may be kept, in GiB; 20 unless set: what was not used for the longest time goes),
NO_COLOR, CLICOLOR_FORCE; options that CI sets have a variable of their own, which their help names.";

#[derive(Subcommand)]
enum Command {
    /// Run scenarios and compare what they show with their expectations and snapshots
    Run(run::RunArgs),
    Review(review::ReviewArgs),
    Diff(diff::DiffArgs),
    Preview(preview::PreviewArgs),
    /// List the cases that scenario files make
    List(list::ListArgs),
    /// Look for mistakes in scenario files without running anything
    Check(check::CheckArgs),
    /// Show the merged steps of all cases: what is shared, what is kept, what is new
    Plan(plan::PlanArgs),
    /// Open a shell in the machine of a case, before or after one of its steps
    Shell(shell::ShellArgs),
    /// Print the flake of a case, ready to paste
    Render(render::RenderArgs),
    /// Write a first scenario for each host and home of a flake
    Init(init::InitArgs),
    /// Print the JSON Schema of scenario files, for editors, or that of results.json
    Schema(render::SchemaArgs),
    MergeResults(merge::MergeArgs),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
    /// Say what works on this machine, what is missing and how to get it
    Doctor(doctor::DoctorArgs),
    /// Build the guest image, or say what is in it
    Image(image::ImageArgs),
    /// Keep releases of nixpkgs and Home Manager on this machine, so that scenarios use them without a network
    Channel(channel::ChannelArgs),
    /// List, check or remove what is kept between runs
    Cache(cache::CacheArgs),
}

/// The command line, with its examples.
pub(super) fn command() -> clap::Command {
    examples::shown(without_empty_variables(Args::command()))
}

/// CI systems set variables to nothing where nothing is meant.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| match arg.get_env().is_some_and(is_empty) {
            true => arg.env(None),
            false => arg,
        })
        .mut_subcommands(without_empty_variables)
}

/// Parses the command line, does what it says and returns the exit status.
#[must_use]
pub fn main() -> ExitCode {
    let args =
        Args::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    colour::choose(args.color);
    sink::choose(args.quiet);
    let done = match args.command {
        Command::Run(args) => run::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Preview(args) => preview::run(&args),
        Command::List(args) => list::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Shell(args) => shell::run(&args),
        Command::Render(args) => render::render(&args),
        Command::Init(args) => init::init(&args),
        Command::Schema(args) => render::schema(&args),
        Command::MergeResults(args) => merge::run(&args),
        Command::Completions(args) => manual::completions(&args, command()),
        Command::Man(args) => manual::man(&args, command()),
        Command::Doctor(args) => doctor::run(&args),
        Command::Image(args) => image::run(&args),
        Command::Channel(args) => channel::run(&args),
        Command::Cache(args) => cache::run(&args),
    };
    match done {
        Ok(exit) => exit.code(),
        Err(error) if is_broken_pipe(&error) => Exit::Passed.code(),
        Err(error) => {
            let exit = error.exit;
            eprint!("{error}");
            exit.code()
        }
    }
}

/// The reader of our output is gone: that is not our error.
fn is_broken_pipe(error: &super::common::Error) -> bool {
    error.broken_pipe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        command().debug_assert();
    }
}
