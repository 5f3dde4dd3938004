//! Places that are observed only where an expectation asks for them: below a profile, and in the current generation.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

use serde::{Deserialize, Serialize};
use switchproof_vm::process::quote;

use super::budget::malformed;
use super::fields::Source;
use super::generation_link::GENERATION_OF;
use super::home::{Entry, EntryKind, FileSeen, LinkEnd};
use super::paths::{Owners, PATH_BYTES, STORE};
use super::script::{BLOCKING_FACTOR, HOME_OF};
use super::tarball::{MemberKind, read_tar, tar_status};
use crate::model::TargetKind;
use crate::text::escape_name;

/// What such a path is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The user's home.
    Home,
    /// The current generation of Home Manager.
    Generation,
}

/// What lies in a home and is not looked into, as what is in it are packages.
const PROFILES: [&str; 3] = [
    ".nix-profile/",
    ".local/state/nix/",
    ".local/state/home-manager/gcroots/",
];

impl Place {
    /// Whether a path is observed only where it is asked for.
    pub fn is_asked_for(self, path: &str) -> bool {
        let path = path.strip_prefix("~/").unwrap_or(path);
        let path = path.strip_prefix("./").unwrap_or(path);
        self == Self::Generation || PROFILES.iter().any(|profile| path.starts_with(profile))
    }
}

/// What was seen at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceSeen {
    /// What the path is relative to.
    pub base: Place,
    /// The path, as it was asked for.
    pub path: String,
    /// What is there.
    pub found: PlaceFound,
}

/// What is at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceFound {
    /// There is no home or no generation that it could be in.
    NoBase,
    /// Nothing.
    Nothing,
    /// This. A link's end has the file that it leads to, and an empty tree where that is a directory.
    There(Entry),
}

/// First field of what the script sends.
const MAGIC: &str = "switchproof-places-1";

/// Observes places: of a user, relative to what, and the path. POSIX sh, run by root.
pub(super) fn script(asked: &[(&str, Place, &str)]) -> String {
    let mut script = FUNCTIONS
        .replace("@MAGIC@", MAGIC)
        .replace("@HOME_OF@", HOME_OF)
        .replace("@GENERATION_OF@", GENERATION_OF)
        .replace("@BLOCKING@", &BLOCKING_FACTOR.to_string());
    for (user, base, path) in asked {
        let base = match base {
            Place::Home => "home",
            Place::Generation => "generation",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(script, "look {} {base} {}", quote(user), quote(path));
    }
    script + "printf 'done\\0'\nexit 0; } </dev/null\n"
}

const FUNCTIONS: &str = r#"{
LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
export LC_ALL PATH
unset TAR_OPTIONS POSIXLY_CORRECT
printf '@MAGIC@\0'
cat /etc/passwd; printf '\0'
cat /etc/group; printf '\0'
@HOME_OF@
@GENERATION_OF@
look() { # USER home|generation PATH
  home_of "$1"
  base=$h
  if [ "$2" = generation ]; then
    generation_of "$1"
    base=${generation:+$(readlink -m -- "$generation")}
  fi
  if [ -z "$base" ]; then printf 'no-base\0'; return; fi
  p=$base/${3#\~/}
  if [ ! -e "$p" ] && [ ! -L "$p" ]; then printf 'nothing\0'; return; fi
  printf 'there\0'
  find "$p" -maxdepth 0 -printf '%y\0%m\0%U\0%G\0%l\0'
  readlink -z -m -- "$p"
  if [ -f "$p" ]; then
    printf 'file\0'
    tar --create --file=- --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime --mtime=@0 --numeric-owner \
      --blocking-factor=@BLOCKING@ --absolute-names --dereference --hard-dereference --no-recursion -- "$p" 2>/dev/null
    printf 'end\0%s\0\0' "$?"
  elif [ -d "$p" ]; then printf 'directory\0'
  else printf 'other\0'
  fi
}
"#;

/// Parses what the script sends, by user.
pub(super) fn read(
    source: &mut Source<'_>,
    asked: &[(&str, Place, &str)],
) -> io::Result<BTreeMap<String, Vec<PlaceSeen>>> {
    source.expect(MAGIC)?;
    let owners = Owners::read(source)?;
    let mut seen: BTreeMap<String, Vec<PlaceSeen>> = BTreeMap::new();
    for (user, base, path) in asked {
        let found = match source.field(16)?.as_slice() {
            b"no-base" => PlaceFound::NoBase,
            b"nothing" => PlaceFound::Nothing,
            b"there" => PlaceFound::There(read_entry(source, &owners)?),
            other => return Err(malformed(format!("a place that is {}", escape_name(other)))),
        };
        seen.entry((*user).to_owned()).or_default().push(PlaceSeen {
            base: *base,
            path: (*path).to_owned(),
            found,
        });
    }
    source.expect("done")?;
    Ok(seen)
}

fn read_entry(source: &mut Source<'_>, owners: &Owners) -> io::Result<Entry> {
    let letter = source.field(1)?;
    let (mode, owner, group) = owners.of_entry(source)?;
    let target = escape_name(&source.field(PATH_BYTES)?);
    let end = escape_name(&source.field(PATH_BYTES)?);
    let kind = source.field(16)?;
    let file = match kind.as_slice() {
        b"file" => Some(read_file(source, owners)?),
        b"directory" | b"other" => None,
        other => return Err(malformed(format!("a place of kind {}", escape_name(other)))),
    };
    let is_directory = kind == b"directory";
    let kind = match (letter.as_slice(), file) {
        (b"l", file) => EntryKind::Symlink {
            target,
            end: match (&file, is_directory) {
                (None, false) => LinkEnd::new(TargetKind::Dangling),
                _ => Box::new(LinkEnd {
                    kind: match end.starts_with(STORE) {
                        true => TargetKind::Store,
                        false => TargetKind::OutOfStore,
                    },
                    path: Some(end),
                    file: file.map(Box::new),
                    tree: is_directory.then(BTreeMap::new),
                }),
            },
        },
        (_, Some(file)) => EntryKind::File(file.content),
        (b"d", None) => EntryKind::Directory,
        (b"s", None) => EntryKind::Socket,
        (_, None) => EntryKind::Fifo,
    };
    Ok(Entry {
        kind,
        mode,
        owner,
        group,
        attributes: BTreeMap::new(),
    })
}

/// An archive of one file.
fn read_file(source: &mut Source<'_>, owners: &Owners) -> io::Result<FileSeen> {
    let mut file = None;
    read_tar(source, |member| {
        if let MemberKind::File(content) = member.kind {
            file = Some(FileSeen {
                mode: member.mode,
                owner: owners.user(member.uid),
                content,
            });
        }
        Ok(())
    })?;
    tar_status(source)?;
    file.ok_or_else(|| malformed("a file that is in no archive".into()))
}
