//! From an observation to the words of the document.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::seen::{
    CommandResult, ContentResult, EntryResult, GenerationsResult, OutputResult, PackageResult,
    UnitResult, UserResult,
};
use crate::login::{as_written, program_of};
use crate::model::{Profile, Session};
use crate::observe::{
    CommandSeen, Content, Entry, EntryKind, FileSeen, Inside, InsideKind, LinkEnd, Provider,
    StepOutput, UserSeen,
};
use crate::report::words::boundary;
use crate::text::{escape_name, octal, printable, word};

/// Most bytes of files' texts that a document holds, each text counted once.
const TEXT_BYTES: usize = 32 * 1024 * 1024;
/// Most entries of homes that a document holds.
const ENTRIES: usize = 400_000;
/// Most bytes of a stream's beginning and of its end.
const STREAM_BYTES: (usize, usize) = (16 * 1024, 48 * 1024);

/// How much more a document may hold: a guest must not fill the host's memory by what it shows in state after state.
pub(super) struct Room {
    text_bytes: usize,
    entries: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            text_bytes: TEXT_BYTES,
            entries: ENTRIES,
        }
    }
}

/// Texts of files, each once.
pub(super) struct Texts<'a> {
    pub(super) all: &'a mut BTreeMap<String, String>,
    pub(super) room: &'a mut Room,
}

impl Texts<'_> {
    fn content(&mut self, text: &str) -> ContentResult {
        let id = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
        if !self.all.contains_key(&id) {
            let Some(left) = self.room.text_bytes.checked_sub(text.len()) else {
                return ContentResult::Digest {
                    size: text.len() as u64,
                    sha256: hex(&Sha256::digest(text.as_bytes())),
                };
            };
            self.room.text_bytes = left;
            self.all.insert(id.clone(), text.to_owned());
        }
        ContentResult::Text(id)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A stream's beginning and end; a line between them says how much is left out.
fn bounded(text: &str) -> String {
    let text = printable(text);
    let (head, tail) = STREAM_BYTES;
    if text.len() <= head + tail {
        return text;
    }
    let (first, last) = (boundary(&text, head), boundary(&text, text.len() - tail));
    format!(
        "{}\n… {} bytes left out …\n{}",
        &text[..first],
        last - first,
        &text[last..]
    )
}

pub(super) fn output(seen: &StepOutput) -> OutputResult {
    OutputResult {
        status: seen.status,
        stdout: bounded(&seen.stdout),
        stderr: bounded(&seen.stderr),
        truncated: seen.truncated,
    }
}

pub(super) fn user(seen: &UserSeen, texts: &mut Texts<'_>) -> UserResult {
    let itself = seen.home.itself.iter().map(|it| (".".to_owned(), it));
    let entries = seen
        .home
        .entries
        .iter()
        .map(|(path, it)| (path.clone(), it));
    let shown = (seen.home.entries.len() + 1).min(texts.room.entries);
    texts.room.entries -= shown;
    let home = itself
        .chain(entries)
        .take(shown)
        .map(|(path, it)| (path, entry(it, texts)))
        .collect();
    let variables = |variables: &BTreeMap<String, String>| {
        let escaped = variables
            .iter()
            .map(|(name, value)| (printable(name), escape_name(value.as_bytes())));
        escaped.collect()
    };
    UserResult {
        home_directory: seen.home_directory.clone(),
        home,
        home_left_out: (seen.home.entries.len() + 1) - shown,
        path: seen
            .login_path
            .iter()
            .map(|place| place.directory.clone())
            .collect(),
        packages: packages(seen),
        system_programs: seen.system_programs.len(),
        sessions: seen
            .sessions
            .iter()
            .map(|(session, seen)| (word(session), variables(seen)))
            .collect(),
        units: seen.units.as_ref().map(|units| {
            let unit = |(name, seen): (&String, &crate::observe::UnitSeen)| {
                let unit = UnitResult {
                    state: word(&seen.state),
                    systemd: format!("{} ({})", seen.active_state, seen.sub_state),
                    enabled: seen.enabled.clone(),
                };
                (name.clone(), unit)
            };
            units.iter().map(unit).collect()
        }),
        generations: GenerationsResult {
            numbers: seen.generations.numbers.clone(),
            current: seen.generations.current,
        },
        profiles: seen
            .profiles
            .iter()
            .map(|(profile, seen)| {
                let generations = GenerationsResult {
                    numbers: seen.generations.clone(),
                    current: seen.current,
                };
                (word(profile), generations)
            })
            .collect(),
        commands: seen.commands.iter().map(|it| command(seen, it)).collect(),
    }
}

fn entry(seen: &Entry, texts: &mut Texts<'_>) -> EntryResult {
    let mut told = EntryResult {
        kind: word(&seen.kind),
        mode: Some(octal(seen.mode)),
        owner: seen.owner.to_string(),
        group: Some(seen.group.to_string()),
        attributes: seen.attributes.clone(),
        ..EntryResult::default()
    };
    match &seen.kind {
        EntryKind::File(it) => told.content = Some(content(it, texts)),
        EntryKind::HardLink { first } => told.same_file_as = Some(first.clone()),
        EntryKind::Device { .. } => {
            told.device = seen.kind.device().map(|it| format!("{} {}", it.0, it.1));
        }
        EntryKind::Symlink { target, end } => {
            told.mode = None;
            told.target = Some(target.clone());
            follow(&mut told, end, texts);
        }
        EntryKind::Directory | EntryKind::Excluded | EntryKind::Fifo | EntryKind::Socket => {}
    }
    told
}

fn follow(told: &mut EntryResult, end: &LinkEnd, texts: &mut Texts<'_>) {
    told.leads_to = Some(word(&end.kind));
    if let Some(file) = &end.file {
        told.mode = Some(octal(file.mode));
        told.content = Some(content(&file.content, texts));
    }
    told.tree = end
        .tree
        .iter()
        .flatten()
        .map(|(path, seen)| (path.clone(), inside(seen, texts)))
        .collect();
}

fn inside(seen: &Inside, texts: &mut Texts<'_>) -> EntryResult {
    let told = match &seen.kind {
        InsideKind::File(it) => file(it, texts),
        other => EntryResult {
            kind: word(other),
            ..EntryResult::default()
        },
    };
    EntryResult {
        target: seen.link.clone(),
        ..told
    }
}

fn file(seen: &FileSeen, texts: &mut Texts<'_>) -> EntryResult {
    EntryResult {
        kind: "file".to_owned(),
        mode: Some(octal(seen.mode)),
        owner: seen.owner.to_string(),
        content: Some(content(&seen.content, texts)),
        ..EntryResult::default()
    }
}

fn content(seen: &Content, texts: &mut Texts<'_>) -> ContentResult {
    match seen {
        Content::Text(text) => texts.content(text),
        Content::Digest { size, sha256, .. } => ContentResult::Digest {
            size: *size,
            sha256: sha256.clone(),
        },
    }
}

fn packages(seen: &UserSeen) -> Vec<PackageResult> {
    let mut packages: BTreeMap<(&str, &str, Option<Profile>), PackageResult> = BTreeMap::new();
    let new = |package: &str, version: &str, profile: Option<Profile>| PackageResult {
        package: package.to_owned(),
        version: version.to_owned(),
        profile: profile.as_ref().map(word),
        programs: Vec::new(),
        shadowed: BTreeMap::new(),
    };
    for it in &seen.packages {
        let key = (it.package.as_str(), it.version.as_str(), Some(it.profile));
        packages
            .entry(key)
            .or_insert_with(|| new(key.0, key.1, key.2));
    }
    for program in &seen.programs {
        let key = (
            program.package.as_str(),
            program.version.as_str(),
            program.profile,
        );
        let package = packages
            .entry(key)
            .or_insert_with(|| new(key.0, key.1, key.2));
        package.programs.push(program.name.clone());
        if let Some(by) = &program.shadowed_by {
            package.shadowed.insert(program.name.clone(), by.clone());
        }
    }
    packages.into_values().collect()
}

fn command(user: &UserSeen, seen: &CommandSeen) -> CommandResult {
    let name = program_of(&seen.command).filter(|_| seen.session == Session::Login);
    let provider = name.and_then(|name| user.provider(name));
    CommandResult {
        command: printable(as_written(&seen.command)),
        session: word(&seen.session),
        provider: provider.and_then(|provider| match provider {
            Provider::Nix(program) => {
                Some(program.profile.map_or("store".to_owned(), |it| word(&it)))
            }
            Provider::Guest(_) => (!seen.without_guests).then(|| "guest".to_owned()),
        }),
        status: seen.status,
        stdout: printable(&seen.stdout),
        stderr: printable(&seen.stderr),
    }
}
