//! How lines begin that Nix, Home Manager and `nixos-rebuild` print of what they do.

/// Progress that no warning holds as a part of itself.
const PROGRESS: [&str; 13] = [
    "these ",
    "this derivation will be built",
    "this path will be fetched",
    "building '",
    "copying ",
    "fetching ",
    "querying ",
    "evaluating ",
    "• ",
    "Activating ",
    "Creating ",
    "Cleaning up",
    "[… ",
];

/// How Home Manager says that it puts in place what an evaluation came to.
const HOME_MANAGER_BEGINS: [&str; 2] = [
    "Starting Home Manager activation",
    "Starting home manager activation",
];

/// The same of `nixos-rebuild`.
const SYSTEM_BEGINS: &str = "activating the configuration";

/// What else is no reason to fail; a warning could hold it as well.
const MORE_NOISE: [&str; 28] = [
    "warning: ",
    "trace: ",
    "evaluation warning: ",
    "  /nix/store/",
    "building the system configuration",
    "unpacking ",
    "downloading ",
    "updating lock file",
    "creating lock file",
    "    'path:",
    "    'git+",
    "    'github:",
    "    follows '",
    "  → '",
    "Sanity checking",
    "Suspicious symlink",
    "stopping the following units",
    "starting the following units",
    "restarting the following units",
    "reloading the following units",
    "the following new units were started",
    "setting up ",
    "reloading user units",
    "(stack trace truncated",
    "installing '",
    "uninstalling '",
    "replacing old '",
    "removing ",
];

/// What else begins after a warning.
const AFTER_A_WARNING: [&str; 5] = [
    "evaluation warning:",
    "trace:",
    "warning:",
    "error:",
    "error (",
];

/// Whether a line only says how far something has come, or what Nix does on the way: no reason to fail. Several differ
/// from run to run.
pub(crate) fn is_noise(line: &str) -> bool {
    begins_with(line, &PROGRESS) || begins_with(line, &MORE_NOISE) || is_activation(line)
}

/// Whether a line is no part of the warning above it.
pub(super) fn ends_a_warning(line: &str) -> bool {
    let lists: [&[&str]; 3] = [&PROGRESS, &HOME_MANAGER_BEGINS, &AFTER_A_WARNING];
    lists.into_iter().any(|list| begins_with(line, list))
}

/// Whether an evaluation is over, and what it came to is put in place: whatever complains later is not the evaluation.
pub(crate) fn is_activation(line: &str) -> bool {
    begins_with(line, &HOME_MANAGER_BEGINS) || line.starts_with(SYSTEM_BEGINS)
}

fn begins_with(line: &str, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|beginning| line.starts_with(beginning))
}
