//! Examples for the help of every command. A test reads each of them as a command line.

use std::collections::BTreeMap;

use clap::Command;

/// What to show below the options of the command that begins a row, and what that does.
const EXAMPLES: &str = "\
run => every scenario in scenarios/
run morning => the cases of one scenario
run scenarios/morning.yaml --update => accept what is seen as its snapshots
run --report out/ => also a page, JUnit and JSON
run --shard 2/5 --quiet => the second of five shares, in a job of CI
review => one by one: accept, reject or skip
review --list => only their paths
review --filter morning --accept => those of one scenario, without asking
diff morning => what each step changed
diff morning switch switch-2 => between two steps
diff 'zsh[v=25.05]' 'zsh[v=25.11]' => between two cases of a matrix
diff morning --json => the same for programs
preview .#alice --state-version 26.05 => another home.stateVersion
preview --override-input nixpkgs 26.05 => another input
preview --since main => the work tree against a commit
list => every case and what it is for
list --filter zsh --json => some of them, for programs
list --format github-matrix --shards 4 => as jobs that end at about the same time
check => everything in scenarios/
check scenarios/morning.yaml --json => one file, for an editor
check --format github => annotations for a pull request
plan => the tree of all steps
plan --filter zsh => what a run of some cases would do
plan --format dot => a graph for Graphviz
shell morning => after the last step
shell morning --at switch --before => before a step
shell morning --user root => as another user
render morning => the flake.nix and the files of a case
init => scenarios for the flake in this folder
init .#alice => for one of its homes or hosts
init --ci github => with a workflow that runs them
schema => of scenario files
schema results => of results.json
schema project => of switchproof.yaml
merge-results parts --report report/ => of what several jobs wrote below parts/
completions bash => to standard output
man share/man/man1 => one page a command
doctor => for you
doctor --json => for a program
image build => build it now, and not in the first run
image info --packages => what is in it, with versions
channel fetch 26.05 => keep that release, as it is today
channel list => what is kept, with its revisions
channel remove 26.05 => forget it
cache list => what is kept, and what keeps it
cache gc --free 5 => make room for 5 GiB
cache clear => forget all states and results";

/// The examples of each command: a line, and what it does.
fn examples() -> BTreeMap<&'static str, Vec<(&'static str, &'static str)>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (line, what) in EXAMPLES.lines().filter_map(|row| row.split_once(" => ")) {
        let command = line.split(' ').next().unwrap_or(line);
        all.entry(command).or_default().push((line, what));
    }
    all
}

/// The command line with its examples.
pub fn shown(command: Command) -> Command {
    examples()
        .iter()
        .fold(command, |command, (name, examples)| {
            command.mut_subcommand(name, |command| command.after_help(text(examples)))
        })
}

fn text(examples: &[(&str, &str)]) -> String {
    let widths = examples.iter().map(|(line, _)| line.chars().count());
    let width = widths.max().unwrap_or(0);
    let lines = examples
        .iter()
        .map(|(line, what)| format!("  switchproof {line:width$}  {what}"));
    let lines: Vec<String> = lines.collect();
    format!("Examples:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::command;

    #[test]
    fn every_command_has_examples_and_takes_them() {
        for known in command().get_subcommands().map(clap::Command::get_name) {
            assert!(examples().contains_key(known), "{known} has no example");
        }
        for (line, _) in examples().into_values().flatten() {
            let words = line.split(' ').map(|word| word.trim_matches('\''));
            let words = std::iter::once("switchproof").chain(words);
            let read = command().try_get_matches_from(words);
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
        }
    }
}
