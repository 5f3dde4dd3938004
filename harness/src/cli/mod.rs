//! The command line: one file a subcommand. Parsing does nothing; each command's `run` does it all.

mod args;
mod audience;
mod cache;
mod channel;
mod check;
mod chosen;
mod ci;
mod common;
mod diff;
mod doctor;
mod examples;
mod form;
mod gather;
mod image;
mod init;
mod job_summary;
mod list;
mod manual;
mod merge;
mod pairs;
mod plan;
mod preview;
mod render;
mod reports;
mod review;
mod run;
mod shard;
mod shell;
mod sink;
mod snapshots;

pub use args::main;
