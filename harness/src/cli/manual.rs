//! `switchproof completions` and `man`: what packages install beside the command, made from the command line itself.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::common::{Error, Exit, print};
use crate::text::count;

/// Print completions for a shell
///
/// bash: switchproof completions bash > ~/.local/share/bash-completion/completions/switchproof
/// fish: switchproof completions fish > ~/.config/fish/completions/switchproof.fish
/// zsh:  switchproof completions zsh > a folder of your $fpath, as the file _switchproof
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write man pages, one for each command, into a folder
///
/// `man -l FOLDER/switchproof.1` reads one without installing it.
#[derive(Args)]
pub struct ManArgs {
    /// The folder, made if it is not there
    folder: PathBuf,
}

pub fn completions(args: &CompletionsArgs, mut command: clap::Command) -> Result<Exit, Error> {
    let mut text = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(args.shell, &mut command, name, &mut text);
    print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Passed)
}

pub fn man(args: &ManArgs, command: clap::Command) -> Result<Exit, Error> {
    let unwritable = |error: std::io::Error| {
        Error::input(
            format!(
                "man pages cannot be written to {}: {error}",
                args.folder.display()
            ),
            "name a folder that can be written to and has room",
        )
    };
    fs::create_dir_all(&args.folder).map_err(unwritable)?;
    // Without `help`, which says nothing that the pages do not.
    clap_mangen::generate_to(command.disable_help_subcommand(true), &args.folder)
        .map_err(unwritable)?;
    let pages = fs::read_dir(&args.folder).map_err(unwritable)?.count();
    print(&format!(
        "{} in {}\n",
        count(pages, "file"),
        args.folder.display()
    ))?;
    Ok(Exit::Passed)
}
