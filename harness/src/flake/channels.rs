//! Channels of one's own: folders of real projects on this computer, in place of the pocket channel's or beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use switchproof_vm::cache_dir::CacheDir;

use super::checkout::{Checkout, folder_overlay, is_home_manager};
use super::fetched;
use super::host_file_error::HostFileError;
use crate::model::{Case, ChannelOverlay, SeedFile};

/// Where the guest keeps channels that have a name of their own, as flakes name the place.
pub(crate) const PLACE: &str = "path:/etc/switchproof/channels";
/// The same place in any text.
const FOLDER: &str = "/etc/switchproof/channels/";

/// Folders that are channels.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// What takes the place of the pocket channel's own files.
    pub pocket: Option<Checkout>,
    /// What makes a channel of its own, by its name.
    pub named: BTreeMap<String, Checkout>,
    /// Releases that are kept on this computer, for machines without a network.
    pub kept: BTreeMap<String, Checkout>,
    /// Folders that are inputs and nothing else, by the name that each has among the channels.
    pub folders: BTreeMap<String, PathBuf>,
}

impl Channels {
    /// The checkout `home_manager` in the pocket channel's place, or else the one that `SWITCHPROOF_HOME_MANAGER` names, and
    /// with it the folder with nixpkgs' `lib` that `SWITCHPROOF_NIXPKGS_LIB` or else `SWITCHPROOF_NIXPKGS` names. Where the
    /// latter has nixpkgs' `nixos` too, that is taken as well.
    #[must_use]
    pub fn from_environment(home_manager: Option<PathBuf>) -> Self {
        let folder = |name| {
            std::env::var_os(name)
                .filter(|it| !it.is_empty())
                .map(PathBuf::from)
        };
        let home_manager = home_manager.or_else(|| folder("SWITCHPROOF_HOME_MANAGER"));
        let pocket = home_manager.map(|home_manager| Checkout {
            home_manager,
            nixpkgs_lib: folder("SWITCHPROOF_NIXPKGS_LIB")
                .or_else(|| folder("SWITCHPROOF_NIXPKGS")),
            nixos: folder("SWITCHPROOF_NIXPKGS").filter(|it| it.join("nixos/modules").is_dir()),
        });
        Self {
            pocket,
            ..Self::default()
        }
    }

    /// These, and the releases that are kept on this computer.
    #[must_use]
    pub fn with_kept(self) -> Self {
        let cache = CacheDir::from_environment().ok();
        let folder = cache.and_then(|cache| cache.kept_channels());
        let kept = folder.map(|it| fetched::kept(&it)).unwrap_or_default();
        Self { kept, ..self }
    }

    /// These, and those of a project that they say nothing of.
    #[must_use]
    pub fn over(&self, project: Self) -> Self {
        let mut named = project.named;
        named.extend(self.named.clone());
        Self {
            pocket: self.pocket.clone().or(project.pocket),
            named,
            kept: self.kept.clone(),
            folders: self.folders.clone(),
        }
    }

    /// The word for what an input is: of a folder, which becomes one of these, its name.
    pub fn or_folder(&mut self, word: &str) -> String {
        if !is_folder(word) {
            return word.to_owned();
        }
        let name = channel_of_folder(word);
        let folder = BTreeMap::from([(name.clone(), PathBuf::from(word))]);
        *self = match is_home_manager(Path::new(word)) {
            true => self.with_folders(&folder, &BTreeMap::new()),
            false => self.with_folders(&BTreeMap::new(), &folder),
        };
        name
    }

    /// These, those that checkouts of Home Manager become, and other folders that are inputs.
    pub(crate) fn with_folders(
        &self,
        checkouts: &BTreeMap<String, PathBuf>,
        folders: &BTreeMap<String, PathBuf>,
    ) -> Self {
        let mut all = self.clone();
        for (name, folder) in checkouts {
            let checkout = Checkout {
                home_manager: folder.clone(),
                nixpkgs_lib: None,
                nixos: None,
            };
            all.named.insert(name.clone(), checkout);
        }
        all.folders.extend(folders.clone());
        all
    }

    /// The address of an input of the channel `name`; `None` when it has no such input or is none of these.
    pub(crate) fn address(&self, name: &str, input: &str) -> Option<String> {
        if self.folders.contains_key(name) {
            return Some(format!("{PLACE}/{name}"));
        }
        let known = self.has(name) && matches!(input, "nixpkgs" | "home-manager");
        known.then(|| format!("{PLACE}/{name}/{input}"))
    }

    /// The checkout that the channel `name` is.
    fn checkout(&self, name: &str) -> Option<&Checkout> {
        self.named.get(name).or_else(|| self.kept.get(name))
    }

    /// Whether one of these is called so.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.checkout(name).is_some() || self.folders.contains_key(name)
    }

    /// What a case needs laid out in its guest: what takes the pocket's place, and each channel that it names.
    ///
    /// # Errors
    /// A folder is no checkout, or cannot be read.
    pub(crate) fn for_case(
        &self,
        case: &Case,
        read: &mut BTreeMap<(Option<String>, Checkout), ChannelOverlay>,
    ) -> Result<Vec<ChannelOverlay>, HostFileError> {
        let mut out = Vec::new();
        let is_empty = self.named.is_empty() && self.kept.is_empty() && self.folders.is_empty();
        let named = match is_empty {
            true => BTreeSet::new(),
            false => named_in(case),
        };
        let pocket = self.pocket.as_ref().map(|it| (None, it));
        let wanted = named.iter().filter_map(|name| {
            let checkout = self.checkout(name)?;
            Some((Some(name.clone()), checkout))
        });
        // Channels with a name begin as copies of the pocket's own, so they are laid out before anything takes its place.
        for (name, checkout) in wanted.chain(pocket) {
            let known = (name, checkout.clone());
            if !read.contains_key(&known) {
                let mut overlay = checkout.overlay()?;
                overlay.name.clone_from(&known.0);
                read.insert(known.clone(), overlay);
            }
            out.extend(read.get(&known).cloned());
        }
        let stand_ins = &case.guest.stand_ins;
        let folders = self
            .folders
            .iter()
            .filter(|(name, _)| named.contains(*name));
        let folders = folders.map(|(name, folder)| folder_overlay(name, folder));
        let folders = folders.collect::<Result<Vec<_>, _>>()?;
        if stand_ins.is_empty() {
            out.extend(folders);
            return Ok(out);
        }
        if out.iter().all(|channel| channel.name.is_some()) {
            out.push(ChannelOverlay::default());
        }
        let all = out.into_iter();
        let all = all.map(|channel| with_stand_ins(channel, stand_ins));
        Ok(all.chain(folders).collect())
    }
}

/// The file of a channel's nixpkgs that names what is there by name alone.
const STAND_INS: &str = "nixpkgs/stand-ins.json";

/// A channel with packages that it has by name alone.
fn with_stand_ins(mut channel: ChannelOverlay, packages: &BTreeSet<String>) -> ChannelOverlay {
    let bytes = serde_json::json!(packages).to_string().into_bytes();
    channel.digest = blake3::hash(&[channel.digest.as_bytes(), &bytes].concat())
        .to_hex()
        .to_string();
    let file = SeedFile::regular(bytes);
    let files = &mut Arc::make_mut(&mut channel.files).files;
    files.insert(STAND_INS.to_owned(), file);
    channel
}

/// Whether the word for an input is a folder of this computer.
pub(crate) fn is_folder(word: &str) -> bool {
    ["/", "./", "../"].iter().any(|it| word.starts_with(it))
}

/// The name of the channel that a folder becomes: its own, and what tells it from others of that name.
pub(crate) fn channel_of_folder(folder: &str) -> String {
    let last = folder.trim_end_matches('/').rsplit('/').next();
    let name: String = last
        .unwrap_or_default()
        .chars()
        .filter(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_'))
        .take(40)
        .collect();
    let hash = blake3::hash(folder.as_bytes()).to_hex();
    format!("folder-{name}-{}", &hash[..8])
}

/// The channels that a case's flakes, replaced inputs and commands name by their place in the guest.
fn named_in(case: &Case) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut search = |text: &str| {
        for rest in text.split(FOLDER).skip(1) {
            let name = rest
                .split(['/', '"', '\'', ' ', '\n', '?'])
                .next()
                .unwrap_or("");
            found.insert(name.to_owned());
        }
    };
    let texts = case.steps.iter().flat_map(|step| step.action.texts());
    texts.for_each(|text| search(&text));
    found
}
