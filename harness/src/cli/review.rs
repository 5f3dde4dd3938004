//! `switchproof review`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;
use console::{Key, Term, style};
use serde_json::json;

use super::common::{Error, Exit, print};
use crate::judge::{Pending, PendingError, find_pending};
use crate::text::{count, printable_line};

/// Go through the snapshots that wait for a review
///
/// A run writes what it saw beside the reviewed snapshot, as `….snap.new`, where the two differ. This command shows
/// each difference and asks what becomes of it: accept (it becomes the snapshot), reject (it is thrown away) or skip
/// (it waits on). It works in any folder and on the same files as `cargo insta review`.
///
/// Without a terminal it shows the differences and changes nothing; `--accept` and `--reject` do not ask.
#[derive(Args)]
pub struct ReviewArgs {
    /// Folders to look in, or single snapshots [default: the folder that has `scenarios`, from here upward; else this
    /// one]
    paths: Vec<PathBuf>,
    /// Only snapshots whose path or case contains this text; given again, also those with another
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Accept all of them without asking
    #[arg(long, conflicts_with_all = ["reject", "list"])]
    accept: bool,
    /// Reject all of them without asking
    #[arg(long, conflicts_with = "list")]
    reject: bool,
    /// Print their paths, one a line, and change nothing
    #[arg(long)]
    list: bool,
    /// With --list: print one JSON document with paths, cases and differences instead
    #[arg(long, requires = "list")]
    json: bool,
}

/// What becomes of a pending snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Accept,
    Reject,
    Skip,
}

/// What a person says to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    /// This one.
    One(Answer),
    /// This one and all that are left.
    All(Answer),
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    accepted: usize,
    rejected: usize,
    skipped: usize,
}

pub fn run(args: &ReviewArgs) -> Result<Exit, Error> {
    let pending = read_all(args)?;
    if args.list {
        list(&pending, args.json)?;
        return Ok(Exit::Passed);
    }
    if pending.is_empty() {
        print("no snapshot waits for a review\n")?;
        return Ok(Exit::Passed);
    }
    let without_asking = match (args.accept, args.reject) {
        (true, _) => Some(Answer::Accept),
        (_, true) => Some(Answer::Reject),
        _ => None,
    };
    let done = match without_asking {
        Some(answer) => review(&pending, |_, _| Ok(Reply::All(answer)))?,
        None if io::stdin().is_terminal() && io::stdout().is_terminal() => review(&pending, ask)?,
        None => return Err(show_only(&pending)?),
    };
    print(&done.told())?;
    Ok(Exit::Passed)
}

fn read_all(args: &ReviewArgs) -> Result<Vec<Pending>, Error> {
    let places = match args.paths.as_slice() {
        [] => vec![project()],
        paths => paths.to_vec(),
    };
    let mut files = Vec::new();
    for place in &places {
        if !place.exists() {
            return Err(Error::input(
                format!("{} is not there", place.display()),
                "name a folder to look for pending snapshots in, or a file that ends in .snap.new",
            ));
        }
        // A reviewed snapshot stands for the pending one beside it.
        let beside = place.with_extension("snap.new");
        let is_snapshot = place.extension().is_some_and(|it| it == "snap");
        let place = if is_snapshot { &beside } else { place };
        let (found, unread) = find_pending(place);
        files.extend(found);
        for folder in unread.iter().filter(|_| !is_snapshot) {
            eprintln!("note: {folder}");
        }
    }
    files.sort();
    files.dedup();
    let mut pending = Vec::new();
    for file in files {
        let one = Pending::read(&file).map_err(told)?;
        if admits(&args.filter, &one) {
            pending.push(one);
        }
    }
    Ok(pending)
}

/// The folder of the project we are in, or else the one we are in.
fn project() -> PathBuf {
    let here = Path::new(".");
    let mut above = PathBuf::new();
    let depth = std::env::current_dir().map_or(0, |here| here.ancestors().count());
    for _ in 0..depth {
        if above.join("scenarios").is_dir() {
            return if above.as_os_str().is_empty() {
                here.to_owned()
            } else {
                above
            };
        }
        above.push("..");
    }
    here.to_owned()
}

fn admits(filters: &[String], pending: &Pending) -> bool {
    let path = pending.target.to_string_lossy();
    let case = pending.case.as_deref().unwrap_or_default();
    filters.is_empty()
        || filters
            .iter()
            .any(|text| path.contains(text.as_str()) || case.contains(text.as_str()))
}

fn told(error: PendingError) -> Error {
    match error {
        PendingError::Unreadable { .. } | PendingError::Binary { .. } => {
            Error::input(error.to_string(), error.hint())
        }
        PendingError::Changed { .. } | PendingError::Unwritable { .. } => {
            Error::machinery(error.to_string(), Some(error.hint().to_owned()))
        }
    }
}

fn list(pending: &[Pending], as_json: bool) -> Result<(), Error> {
    if !as_json {
        let paths = pending.iter().map(|one| format!("{}\n", name(&one.file)));
        return print(&paths.collect::<String>());
    }
    let all: Vec<_> = pending
        .iter()
        .map(|one| {
            json!({
                "pending": one.file,
                "snapshot": one.target,
                "case": one.case,
                "source": one.source,
                "new": one.is_new(),
                "difference": one.difference(),
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&all).map_err(io::Error::from)?;
    print(&format!("{text}\n"))
}

/// Does with each what `reply` says of it, in order, until it speaks for all that are left.
fn review(
    pending: &[Pending],
    mut reply: impl FnMut(&Pending, (usize, usize)) -> Result<Reply, Error>,
) -> Result<Done, Error> {
    let mut done = Done::default();
    let mut for_all = None;
    for (at, one) in pending.iter().enumerate() {
        let answer = match for_all {
            Some(answer) => answer,
            None => match reply(one, (at + 1, pending.len()))? {
                Reply::One(answer) => answer,
                Reply::All(answer) => *for_all.insert(answer),
            },
        };
        let path = name(&one.target);
        match answer {
            Answer::Accept => {
                one.accept().map_err(told)?;
                done.accepted += 1;
                print(&format!("accepted {path}\n"))?;
            }
            Answer::Reject => {
                one.reject().map_err(told)?;
                done.rejected += 1;
                print(&format!("rejected {path}\n"))?;
            }
            Answer::Skip => done.skipped += 1,
        }
    }
    Ok(done)
}

impl Done {
    fn told(&self) -> String {
        let left = match self.skipped {
            0 => String::new(),
            1 => ", 1 still waits for a review".to_owned(),
            many => format!(", {many} still wait for a review"),
        };
        format!(
            "{} accepted, {} rejected{left}\n",
            self.accepted, self.rejected
        )
    }
}

/// Without a terminal: shows what would be asked about, and says why nothing is asked.
fn show_only(pending: &[Pending]) -> Result<Error, Error> {
    for (at, one) in pending.iter().enumerate() {
        print(&shown(one, (at + 1, pending.len())))?;
    }
    let waits = if pending.len() == 1 { "waits" } else { "wait" };
    Ok(Error::input(
        format!(
            "{} {waits} for a review, and there is no terminal to ask at; nothing was changed",
            count(pending.len(), "snapshot")
        ),
        "`switchproof review --accept` or `--reject` does not ask; `--list` prints the paths",
    ))
}

/// One pending snapshot: which it is, and what it would change.
fn shown(one: &Pending, (at, of): (usize, usize)) -> String {
    let mut text = format!(
        "\n{} {}\n",
        style(format!("{at} of {of}")).bold(),
        style(name(&one.target)).bold()
    );
    let case = one.case.as_deref().map(|case| format!("case {case}"));
    let source = one.source.as_deref().map(|file| format!("from {file}"));
    let state = one.is_new().then(|| "no snapshot yet".to_owned());
    let about: Vec<_> = [case, source, state].into_iter().flatten().collect();
    text += &format!("{}\n", printable_line(&about.join(", ")));
    let difference = one.difference();
    if difference.is_empty() {
        text += "the text is the same; only what the file says of its origin differs\n";
    }
    for line in difference.lines() {
        let coloured = match line.as_bytes().first() {
            Some(b'+') => style(line).green(),
            Some(b'-') => style(line).red(),
            Some(b'@') => style(line).cyan(),
            _ => style(line),
        };
        text += &format!("{coloured}\n");
    }
    text
}

/// Shows one and waits for a key.
fn ask(one: &Pending, place: (usize, usize)) -> Result<Reply, Error> {
    let term = Term::stdout();
    print(&shown(one, place))?;
    loop {
        print(
            "\naccept (a), reject (r), skip (s); for all that are left: A, R, S; show again (d)? ",
        )?;
        let key = term.read_key();
        print("\n")?;
        match key {
            Ok(Key::Char('d')) => print(&shown(one, place))?,
            Ok(key) => {
                if let Some(reply) = meant(&key) {
                    return Ok(reply);
                }
            }
            // Ctrl-C: what was answered is done, the rest waits on.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                return Ok(Reply::All(Answer::Skip));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The letters of `cargo insta review`; q and Escape stop, so that nothing is thrown away by leaving.
fn meant(key: &Key) -> Option<Reply> {
    Some(match key {
        Key::Char('a') | Key::Enter => Reply::One(Answer::Accept),
        Key::Char('r') => Reply::One(Answer::Reject),
        Key::Char('s' | ' ') => Reply::One(Answer::Skip),
        Key::Char('A') => Reply::All(Answer::Accept),
        Key::Char('R') => Reply::All(Answer::Reject),
        Key::Char('S' | 'q') | Key::Escape => Reply::All(Answer::Skip),
        _ => return None,
    })
}

fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    printable_line(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn three() -> (Folder, Vec<Pending>) {
        let folder = Folder::new();
        let pending = ["a", "b", "c"].map(|name| {
            let text = format!("---\ndescription: case-{name}\n---\nhome\n");
            let file = folder.write(format!("{name}.snap.new"), text);
            Pending::read(&file).unwrap()
        });
        (folder, pending.into())
    }

    #[test]
    fn each_is_asked_about_until_an_answer_is_for_all() {
        let (folder, pending) = three();
        let mut replies = [Reply::One(Answer::Reject), Reply::All(Answer::Accept)].into_iter();
        let mut asked = Vec::new();
        let done = review(&pending, |one, place| {
            asked.push((one.case.clone().unwrap(), place));
            Ok(replies.next().unwrap())
        })
        .unwrap();
        let both = [("case-a".to_owned(), (1, 3)), ("case-b".to_owned(), (2, 3))];
        assert_eq!(asked, both);
        assert_eq!(done.told(), "2 accepted, 1 rejected\n");
        let there = |name: &str| folder.join(name).exists();
        assert!(!there("a.snap") && there("b.snap") && there("c.snap"));
        assert!(find_pending(folder.path()).0.is_empty());
    }

    #[test]
    fn stopping_leaves_the_rest_as_it_is() {
        let (folder, pending) = three();
        let mut replies = [Key::Char('a'), Key::Escape].into_iter();
        let reply = |_: &Pending, _| Ok(meant(&replies.next().unwrap()).unwrap());
        let told = review(&pending, reply).unwrap().told();
        assert_eq!(told, "1 accepted, 0 rejected, 2 still wait for a review\n");
        assert_eq!(find_pending(folder.path()).0.len(), 2);
        assert_eq!(meant(&Key::Char('x')), None);
    }

    #[test]
    fn a_filter_looks_at_the_path_and_the_case() {
        let (_folder, pending) = three();
        let admitted = |text: &str| {
            let filters = [text.to_owned()];
            pending.iter().filter(|one| admits(&filters, one)).count()
        };
        assert_eq!(["case-b", "c.snap", "no"].map(admitted), [1, 1, 0]);
    }
}
