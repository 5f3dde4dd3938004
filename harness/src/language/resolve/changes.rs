//! Steps that change a home's files without Home Manager.

use std::collections::BTreeMap;

use super::place::At;
use super::scenario::Resolver;
use crate::language::raw::{RawEdit, RawSeed, RawSeedFile};
use crate::model::{Action, Edit, SeedFile};

impl<'case> Resolver<'case> {
    /// Files put into a home.
    pub(super) fn seed(&mut self, raw: &RawSeed, at: At<'case>) -> Action {
        let user = self.any_user(raw.user.as_deref(), at.key("user"));
        let mut files = BTreeMap::new();
        if raw.files.is_empty() {
            self.mistake(at.key("files"), "there is nothing to seed", "name a file");
        }
        for (path, file) in &raw.files {
            let at = at.key("files").key(path);
            self.home_path(path, at);
            for (inner, file) in self.seed_file(file, at) {
                let path = if inner.is_empty() {
                    path.clone()
                } else {
                    format!("{path}/{inner}")
                };
                files.insert(path, file);
            }
        }
        Action::Seed { user, files }
    }

    /// A seed's files by path below it; a file alone has the empty path.
    fn seed_file(&mut self, raw: &RawSeedFile, at: At<'case>) -> BTreeMap<String, SeedFile> {
        let alone = |file: SeedFile| BTreeMap::from([(String::new(), file)]);
        let executable = raw.executable.unwrap_or(false);
        match (&raw.text, &raw.from, &raw.link, raw.directory) {
            (Some(text), None, None, None) => alone(SeedFile::Regular {
                bytes: text.clone().into_bytes(),
                executable,
            }),
            (None, None, Some(target), None) if !target.is_empty() => alone(SeedFile::Symlink {
                target: target.clone(),
            }),
            (None, None, None, Some(true)) => alone(SeedFile::Directory),
            (None, Some(path), None, None) => match self.files.tree(path) {
                Ok(mut files) => {
                    if let (Some(wanted), Some(SeedFile::Regular { executable, .. })) =
                        (raw.executable, files.get_mut(""))
                    {
                        *executable = wanted;
                    }
                    files
                }
                Err(error) => {
                    self.mistake(at.key("from"), error.to_string(), error.hint());
                    BTreeMap::new()
                }
            },
            _ => {
                let hint = "give it one of `text:`, `from:`, `link:` and `directory: true`";
                self.mistake(at, "it is not clear what is put there", hint);
                BTreeMap::new()
            }
        }
    }

    /// A change made by hand.
    pub(super) fn edit(&mut self, raw: &RawEdit, at: At<'case>) -> Option<Action> {
        let user = self.any_user(raw.user.as_deref(), at.key("user"));
        if let Some(hint) = crate::flake::names::bad_home_path(&raw.path) {
            let message = format!("{} is no path in a home", crate::text::quoted(&raw.path));
            self.mistake(at.key("path"), message, hint);
        }
        let change = match (&raw.append, &raw.replace, raw.remove) {
            (Some(text), None, None) => Edit::Append(text.clone()),
            (None, Some(text), None) => Edit::Replace(text.clone()),
            (None, None, Some(true)) => Edit::Remove,
            _ => {
                let hint = "give it one of `append:`, `replace:` and `remove: true`";
                self.mistake(at, "it is not clear what becomes of the file", hint);
                return None;
            }
        };
        Some(Action::Edit {
            user,
            path: raw.path.clone(),
            change,
        })
    }
}
