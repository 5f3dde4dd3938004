//! What is known of a failure beyond what Nix says.

use super::complaint::printed;
use super::package_reason::{gone_package, missing_package, refused_package};
use crate::flake::lacking;
use crate::model::{Action, Case, FlakeTree, SeedFile, Step};
use crate::observe::Observation;
use crate::text::printable;

/// What Nix says where no builder is of the platform that a derivation wants.
pub(super) const REQUIRED_TO_BUILD: &str = " is required to build '";

/// Where the guest keeps the pocket channel and those that are made of folders, whose packages are the pocket's.
const POCKET_PACKAGES: [&str; 2] = ["/etc/switchproof/pocket", "/etc/switchproof/channels"];

/// The reason, as the end of a sentence, or nothing: that a file is there and Git does not track it or has it in a submodule, that something is for
/// another platform, that a package is not allowed, has another name or is not there, that an input is on a network that is not
/// there.
pub fn known_reason(case: &Case, step: &Step, seen: &Observation) -> String {
    let text = printable(&seen.output.stderr);
    let is_missing = |file: &&String| {
        text.lines().any(|line| {
            let ends = [
                format!("/{file}' does not exist"),
                format!("/{file}\" does not exist"),
            ];
            ends.iter().any(|end| line.contains(end.as_str()))
        })
    };
    if let Some(file) = case.untracked.iter().find(is_missing) {
        let file = printable(file);
        return format!("; `{file}` is there, but Git does not track it: `git add {file}`");
    }
    let switched = match &step.action {
        Action::Switch(switch) | Action::Build(switch) => Some(&*switch.flake),
        _ => None,
    };
    if let Some(module) = switched.and_then(|flake| submodule(&text, flake)) {
        let module = printable(module);
        return format!(
            "; `{module}` came along empty: Nix leaves Git submodules out where a flake is not named with them: \
             `flake: PATH?submodules=1`"
        );
    }
    if let Some(system) = foreign_platform(&text) {
        return format!(
            "; this is for {system}, and Linux builds only what needs nothing that {system} builds"
        );
    }
    if let Some(home) = other_home(&printed(seen)) {
        let user = step.action.user().unwrap_or("NAME");
        return format!(
            "; the setup says that the home is {home}: have it there, `users: {{ {user}: {{ homeDirectory: {home} }} }}`"
        );
    }
    if let Some(reason) = refused_package(&text).or_else(|| gone_package(&text)) {
        return reason;
    }
    let missing = switched.and_then(|flake| missing_package(&text, flake));
    if let Some(package) = missing {
        let Some(flake) = flake_on_pocket(step) else {
            return format!(
                "; this nixpkgs has no package `{package}`: see how it is called there, or take a nixpkgs that has it"
            );
        };
        let names = to_stand_in(flake, &package, &case.guest.stand_ins);
        return format!(
            "; the pocket channel has no package `{package}`: leave it out of this case, take nixpkgs from the network, or have what \
             is missing by name alone, with `standIns: [{}]` in the scenario",
            names.join(", ")
        );
    }
    if text.contains(" missing")
        && let Some((library, home_manager)) = older_library(case)
    {
        return format!(
            "; the channel has nixpkgs' library of {library}, older than its Home Manager of {home_manager}: name checkouts of one time"
        );
    }
    if switched.is_some() && text.contains("attribute 'currentSystem' missing") {
        return "; `builtins.currentSystem` is there with `--impure` alone: have the step say `impure: true`, or the flake name \
                the platform"
            .to_owned();
    }
    if !case.guest.network.is_on()
        && let Some(address) = on_the_network(&text)
    {
        return format!(
            "; `{address}` is on the network, and the machine has none: let the input be a folder or a channel that is there \
             (`inputs: {{ NAME: ./folder }}`; `switchproof check` names the inputs), or write `network: true`"
        );
    }
    String::new()
}

/// What has to be there by name for a flake to be evaluated, with what is so already: Nix stops at the first package that is
/// missing, and where that is a whole set, those in it are named.
fn to_stand_in<'a>(
    flake: &FlakeTree,
    missing: &str,
    already: impl IntoIterator<Item = &'a String>,
) -> Vec<String> {
    let mut names = lacking(flake);
    let of_set = format!("{missing}.");
    if !names.iter().any(|name| name.starts_with(&of_set)) {
        names.insert(missing.to_owned());
    }
    names.extend(already.into_iter().cloned());
    names.into_iter().collect()
}

/// The releases of a channel whose library is older than its Home Manager.
fn older_library(case: &Case) -> Option<(&str, &str)> {
    let mut channels = case.guest.channels.iter();
    channels.find_map(|channel| {
        let of = |project| {
            let found = channel.sources.iter().find(|it| it.project == project)?;
            found.release.as_deref()
        };
        let (library, home_manager) = (of("nixpkgs-lib")?, of("home-manager")?);
        (library < home_manager).then_some((library, home_manager))
    })
}

/// The home directory that a home was made for, where that is another than the user has.
fn other_home(text: &str) -> Option<&str> {
    // As releases before 26.05 say it, and since then.
    let line = text.lines().find(|line| line.contains("HOME is "))?;
    let mut wanted = ["but we expect ", "expected "]
        .into_iter()
        .filter_map(|words| line.split_once(words));
    let home = wanted.next()?.1.trim().trim_matches('"');
    home.starts_with('/').then_some(home)
}

/// The submodule of a flake below which something is missing: of a flake in Git nothing else is an empty folder.
fn submodule<'a>(text: &str, flake: &'a FlakeTree) -> Option<&'a str> {
    let folders = flake
        .files
        .iter()
        .filter(|(_, file)| matches!(file, SeedFile::Directory));
    let mut names = folders.map(|(path, _)| path.as_str());
    let is_missing = |name: &str| {
        let below = format!("/{name}/");
        text.lines()
            .any(|line| line.contains(&below) && line.contains(" does not exist"))
    };
    names.find(|name| is_missing(name))
}

/// What Nix could not fetch just now. What a server says that it does not have is no such thing: it will not be there later.
pub fn broken_download(text: &str) -> Option<&str> {
    let is_answered = text.contains("HTTP error 4");
    on_the_network(text).filter(|_| !is_answered)
}

/// What Nix could not fetch, as it names it: the address of an input, or else of a file.
fn on_the_network(text: &str) -> Option<&str> {
    let behind = |words: &str| {
        let rest = text.split_once(words)?.1;
        let address = rest.split('\'').next()?;
        // What is behind the address itself is a revision and hashes.
        Some(address.split('?').next().unwrap_or(address))
    };
    let is_download = text.contains("unable to download '");
    is_download
        .then(|| behind("while fetching the input '").or_else(|| behind("unable to download '")))
        .flatten()
}

/// The platform that Nix says something has to be built on: `a 'aarch64-darwin' with features {} is required to build`.
fn foreign_platform(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.contains(REQUIRED_TO_BUILD))?;
    let mut quoted = line.split('\'');
    quoted.find(|word| word.ends_with("-darwin") || word.ends_with("-linux"))
}

/// The step's flake, if it takes its packages from a channel of the guest.
fn flake_on_pocket(step: &Step) -> Option<&FlakeTree> {
    let (Action::Switch(switch) | Action::Build(switch)) = &step.action else {
        return None;
    };
    let names = |text: &str| POCKET_PACKAGES.iter().any(|place| text.contains(place));
    let is_named = file_has(&switch.flake, &switch.flake.path_of("flake.nix"), names);
    let is_given = switch.override_inputs.values().any(|it| names(it));
    (is_named || is_given).then_some(&*switch.flake)
}

pub(super) fn file_has(flake: &FlakeTree, name: &str, is_so: impl Fn(&str) -> bool) -> bool {
    match flake.files.get(name) {
        Some(SeedFile::Regular { bytes, .. }) => is_so(&String::from_utf8_lossy(bytes)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChannelOverlay, ChannelSource};
    use crate::testing::tree;

    fn flake(text: &str) -> FlakeTree {
        tree(&[("home.nix", text)])
    }

    #[test]
    fn a_home_elsewhere_is_read_from_what_home_manager_says() {
        let said = "Error: HOME is set to \"/home/alice\" but we expect \"/data/a b\"\n";
        assert_eq!(other_home(said), Some("/data/a b"));
        let newer = "HOME is \"/home/alice\", expected \"/data/alice\"";
        assert_eq!(other_home(newer), Some("/data/alice"));
        assert_eq!(other_home("HOME is set to \"/home/alice\""), None);
    }

    #[test]
    fn of_a_set_that_is_missing_the_packages_stand_in() {
        let flake =
            flake("{ pkgs, ... }: { a = [ pkgs.zig ] ++ (with pkgs.luaPackages; [ luv ]); }");
        let already = ["kind".to_owned()];
        let names = |missing| to_stand_in(&flake, missing, &already).join(" ");
        assert_eq!(names("luaPackages"), "kind luaPackages.luv zig");
        assert_eq!(names("nmap"), "kind luaPackages.luv nmap zig");
    }

    #[test]
    fn a_library_older_than_its_home_manager_is_the_reason_for_what_it_lacks() {
        let source = |project, release: &str| ChannelSource {
            project,
            folder: "/x".into(),
            release: Some(release.into()),
            revision: None,
        };
        let older = |releases: [&str; 2]| {
            let [home_manager, library] = releases;
            let sources = vec![
                source("home-manager", home_manager),
                source("nixpkgs-lib", library),
            ];
            let mut case = crate::judge::tests::case();
            case.guest.channels = vec![ChannelOverlay {
                sources,
                ..ChannelOverlay::default()
            }];
            older_library(&case).is_some()
        };
        assert_eq!(
            [older(["26.05", "25.05"]), older(["24.11", "25.05"])],
            [true, false]
        );
    }

    #[test]
    fn what_is_missing_in_an_empty_folder_may_be_a_submodule() {
        let mut flake = flake("");
        flake.files.insert("mods".to_owned(), SeedFile::Directory);
        let said = "error: path '/nix/store/x-source/mods/m.nix' does not exist";
        assert_eq!(submodule(said, &flake), Some("mods"));
        assert_eq!(submodule(&said.replace("mods", "others"), &flake), None);
    }

    #[test]
    fn what_is_on_the_network_is_the_input_where_nix_says_so() {
        let download = "error: unable to download 'https://api.github.com/repos/a/b/tarball/1': Could not resolve host name";
        let address = "https://api.github.com/repos/a/b/tarball/1";
        assert_eq!(on_the_network(download), Some(address));
        let said = format!(
            "error:\n … while fetching the input 'github:a/b/1?narHash=sha256-x'\n\n{download}"
        );
        assert_eq!(on_the_network(&said), Some("github:a/b/1"));
        let local = "error: while fetching the input 'path:/x'";
        assert_eq!(on_the_network(local), None);
        assert_eq!(broken_download(&said), Some("github:a/b/1"));
        let gone = said.replace("Could not resolve host name", "HTTP error 404");
        assert_eq!(broken_download(&gone), None);
    }

    #[test]
    fn a_platform_is_the_one_that_something_has_to_be_built_on() {
        let said =
            "error: a 'aarch64-darwin' with features {} is required to build '/nix/store/x.drv'";
        assert_eq!(foreign_platform(said), Some("aarch64-darwin"));
    }
}
