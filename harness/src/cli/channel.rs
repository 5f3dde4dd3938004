//! `switchproof channel`.

use clap::{Args, Subcommand};
use switchproof_vm::cache_dir::CacheDir;

use super::common::{Error, Exit, print};
use crate::flake::channel::{is_no_revision, no_channel, repository};
use crate::flake::fetched::{self, FetchError, Lock};
use crate::host_context::HostError;
use crate::text::printable_line;

/// Which releases to keep.
#[derive(Args)]
pub struct ChannelArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch a release with Git: Home Manager, and of nixpkgs its library and the modules of NixOS
    ///
    /// Scenarios without a network then use it by its name, over the pocket channel's packages, until it is fetched again or
    /// removed; those with one use the release itself. It does not count against the limit of the cache, which never removes it.
    Fetch {
        /// A release such as 26.05, or `unstable`
        release: String,
        /// Where to fetch Home Manager from, such as a mirror [default: GitHub]
        #[arg(long, value_name = "URL[#BRANCH]")]
        home_manager: Option<String>,
        /// Where to fetch nixpkgs from [default: GitHub]
        #[arg(long, value_name = "URL[#BRANCH]")]
        nixpkgs: Option<String>,
    },
    /// List the releases that are kept, with their revisions
    List,
    /// Remove one
    Remove {
        /// As `channel list` prints it
        release: String,
    },
}

pub fn run(args: &ChannelArgs) -> Result<Exit, Error> {
    let cache = CacheDir::from_environment().map_err(HostError::from)?;
    let folder = cache.channels().map_err(HostError::from)?;
    match &args.command {
        Command::Fetch {
            release,
            home_manager,
            nixpkgs,
        } => {
            let home_manager = place("home-manager", release, home_manager.as_deref())?;
            let nixpkgs = place("nixpkgs", release, nixpkgs.as_deref())?;
            let projects = [home_manager, nixpkgs];
            for (project, url, branch) in &projects {
                eprintln!("fetching {project}, {branch} of {url}");
            }
            let lock = fetched::fetch(&folder, release, &projects).map_err(|error| Error {
                exit: match error {
                    FetchError::Git { .. } | FetchError::Cache(_) => Exit::Machinery,
                    FetchError::TooLarge { .. } | FetchError::Hostile { .. } => Exit::Input,
                },
                ..Error::input(printable_line(&error.to_string()), error.hint())
            })?;
            print(&format!("kept {}", shown(release, &lock)))?;
        }
        Command::List => {
            let all = fetched::locks(&folder);
            let lines: String = all.iter().map(|(name, lock)| shown(name, lock)).collect();
            print(&lines)?;
        }
        Command::Remove { release } => {
            if !fetched::remove(&folder, release)? {
                let message = format!("the release `{release}` is not kept");
                return Err(Error::input(
                    message,
                    "`switchproof channel list` names those that are",
                ));
            }
        }
    }
    Ok(Exit::Passed)
}

/// A project of a release: where it is fetched from, and which branch.
fn place(
    project: &'static str,
    release: &str,
    given: Option<&str>,
) -> Result<(&'static str, String, String), Error> {
    let usual = repository(release, project).filter(|_| !is_no_revision(release));
    let Some((url, branch)) = usual else {
        let (message, _) = no_channel(release);
        return Err(Error::input(
            message,
            "name a release such as 26.05, or `unstable`",
        ));
    };
    let Some(given) = given else {
        return Ok((project, url, branch));
    };
    let (url, named) = given.split_once('#').unwrap_or((given, &branch));
    Ok((project, url.to_owned(), named.to_owned()))
}

/// A release in a few lines.
fn shown(name: &str, lock: &Lock) -> String {
    let mut text = format!("{name}\n");
    for (project, it) in lock {
        let from = printable_line(&format!("{} of {}", it.branch, it.url));
        text += &format!("  {project:12}  {:.12}  {from}\n", it.revision);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::all_come_to;

    #[test]
    fn a_release_is_where_its_project_has_it_or_where_one_says() {
        let of = |words: &str| {
            let (release, given) = words.split_once(' ').unwrap_or((words, ""));
            match place("nixpkgs", release, Some(given).filter(|it| !it.is_empty())) {
                Ok((_, url, branch)) => format!("{branch} {url}"),
                Err(error) => error.message,
            }
        };
        let table = "
            26.05 => nixos-26.05 https://github.com/NixOS/nixpkgs
            unstable => nixos-unstable https://github.com/NixOS/nixpkgs
            26.05 file:///srv/nixpkgs => nixos-26.05 file:///srv/nixpkgs
            26.05 file:///srv/nixpkgs#mine => mine file:///srv/nixpkgs
            26.07 => there is no channel `26.07`
            pocket => there is no channel `pocket`
        ";
        all_come_to(of, table);
    }
}
