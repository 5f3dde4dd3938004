//! The described setup.

use std::collections::BTreeMap;

use super::place::At;
use super::scenario::Resolver;
use crate::flake::channel::{self, release_of};
use crate::flake::names::{bad_extension, bad_home_path, bad_host_name, bad_user_name, is_made_of};
use crate::flake::nix::{NixMistake, check_expression, check_module, is_package_path};
use crate::flake::release::Release;
use crate::flake::setup::{
    Content, DEFAULT_HOST, DEFAULT_USER, Home, HomeFile, Import, Input, Setup,
};
use crate::language::raw::{RawHome, RawHomeFile, RawInput, RawSetup};
use crate::model::Install;
use crate::text::quoted;

impl<'case> Resolver<'case> {
    /// The setup as it is meant. Mistakes are reported and passed over.
    pub(super) fn setup(&mut self, raw: &RawSetup, at: At<'case>) -> Setup {
        let install = raw.install.unwrap_or(Install::Standalone);
        self.only_for_modules(raw, install, at);
        self.only_for_flakes(raw, install, at);
        self.extension(raw.backup.as_deref(), at.key("backup"));
        let host = raw.host.clone().unwrap_or_else(|| DEFAULT_HOST.to_owned());
        if let Some(hint) = bad_host_name(&host) {
            self.mistake(
                at.key("host"),
                format!("{} cannot name a host", quoted(&host)),
                hint,
            );
        }
        self.state_version(raw.state_version.as_deref(), at.key("stateVersion"));
        self.nix_texts(raw, at);
        Setup {
            install,
            is_flake: raw.flake.unwrap_or(true),
            inputs: self.inputs(raw, install, at),
            host,
            system: raw
                .system
                .clone()
                .unwrap_or_else(|| self.options.system.clone()),
            global_pkgs: raw.global_pkgs,
            user_packages: raw.user_packages,
            backup: raw.backup.clone(),
            modules: raw.modules.clone().unwrap_or_default(),
            shared_modules: raw.shared_modules.clone().unwrap_or_default(),
            special_args: raw.special_args.clone().unwrap_or_default(),
            overlays: raw.overlays.clone().unwrap_or_default(),
            allow_unfree: raw.allow_unfree,
            homes: self.homes(raw, at),
        }
    }

    /// Keys that a standalone home has no place for say so, unless a matrix varies the install.
    fn only_for_modules(&mut self, raw: &RawSetup, install: Install, at: At<'case>) {
        if install != Install::Standalone || self.is_matrix {
            return;
        }
        let given = [
            ("globalPkgs", raw.global_pkgs.is_some()),
            ("userPackages", raw.user_packages.is_some()),
            ("host", raw.host.is_some()),
        ];
        for (key, _) in given.iter().filter(|(_, given)| *given) {
            self.mistake(
                at.key(key),
                format!("`{key}` means nothing to a standalone install"),
                "remove it, or set `install: nixos-module`",
            );
        }
    }

    /// Without a flake there are standalone homes, and nobody hands their modules anything.
    fn only_for_flakes(&mut self, raw: &RawSetup, install: Install, at: At<'case>) {
        if raw.flake.unwrap_or(true) {
            return;
        }
        let given = [
            (
                "install",
                install != Install::Standalone,
                "`flake: false` is for `install: standalone`",
            ),
            (
                "specialArgs",
                raw.special_args.is_some(),
                "set `_module.args` under `config`",
            ),
            (
                "system",
                raw.system.is_some(),
                "remove it: it is the machine's",
            ),
        ];
        for (key, _, hint) in given.iter().filter(|(_, is_given, _)| *is_given) {
            self.mistake(
                at.key(key),
                format!("`{key}` means nothing without a flake"),
                *hint,
            );
        }
    }

    /// Modules and overlays given as text can be parsed.
    fn nix_texts(&mut self, raw: &RawSetup, at: At<'case>) {
        let modules = [
            ("modules", &raw.modules),
            ("sharedModules", &raw.shared_modules),
        ];
        for (key, texts) in modules {
            for (index, text) in texts.iter().flatten().enumerate() {
                self.nix(check_module(text), text, at.key(key).item(index));
            }
        }
        for (index, text) in raw.overlays.iter().flatten().enumerate() {
            self.nix(check_expression(text), text, at.key("overlays").item(index));
        }
    }

    /// Reports what is wrong with Nix text: in its own line where it is a block of lines.
    fn nix(&mut self, checked: Result<(), NixMistake>, text: &str, at: At<'case>) {
        let Err(mistake) = checked else { return };
        let hint = "look for a missing `;`, quote or bracket in it or above";
        let first = at.value().line as usize;
        let source = self.report.source_of(at.value());
        let written = source.text.lines().nth(first.saturating_sub(1));
        let is_block =
            text.contains('\n') && written.map(str::trim) == text.lines().next().map(str::trim);
        if is_block {
            let message = format!("the Nix text is broken: {}", mistake.words);
            let line = first + mistake.line - 1;
            self.mistake_in_line_of(at.value(), line, message, hint.to_owned());
        } else {
            self.mistake(at, format!("the Nix text is broken: {mistake}"), hint);
        }
    }

    pub(super) fn state_version(&mut self, version: Option<&str>, at: At<'case>) {
        let Some(version) = version else { return };
        let hint = match Release::parse(version) {
            Some(release) if release.is_known() => return,
            Some(_) => Release::hint(),
            None => format!(
                "a state version is a release, quoted: \"{}\"",
                Release::newest()
            ),
        };
        self.mistake(at, format!("{} is no state version", quoted(version)), hint);
    }

    pub(super) fn extension(&mut self, extension: Option<&str>, at: At<'case>) {
        if let Some(extension) = extension
            && let Some(hint) = bad_extension(extension)
        {
            self.mistake(
                at,
                format!("{} is no extension for backups", quoted(extension)),
                hint,
            );
        }
    }

    fn inputs(
        &mut self,
        raw: &RawSetup,
        install: Install,
        at: At<'case>,
    ) -> BTreeMap<String, Input> {
        let mut channel = raw
            .channel
            .clone()
            .unwrap_or_else(|| self.options.channel.clone());
        if !channel::is_channel(&self.channels, &channel) {
            let (message, hint) = channel::no_channel(&channel);
            self.mistake(at.key("channel"), message, hint);
            // Each input of it would say the same.
            "pocket".clone_into(&mut channel);
        }
        let none = BTreeMap::new();
        let named = raw.inputs.as_ref().unwrap_or(&none);
        let mut names: Vec<&str> = vec!["nixpkgs", "home-manager"];
        if install == Install::DarwinModule {
            names.push("nix-darwin");
        }
        for name in named.keys() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut inputs = BTreeMap::new();
        for name in &names {
            let raw_input = named.get(*name).cloned().unwrap_or_default();
            let at = at.key("inputs").key(name);
            if let Some(input) = self.input(name, &raw_input, &channel, &names, at) {
                if raw.flake == Some(false) {
                    self.channel_of(name, &input.url, at);
                }
                inputs.insert((*name).to_owned(), input);
            }
        }
        inputs
    }

    fn input(
        &mut self,
        name: &str,
        raw: &RawInput,
        channel: &str,
        names: &[&str],
        at: At<'case>,
    ) -> Option<Input> {
        let word = raw.url.as_deref().unwrap_or(channel);
        let project = raw.take.as_deref().unwrap_or(name);
        let mut url = self.address_of(word, project, at)?;
        if url.is_empty() || url.chars().any(|one| one.is_control() || one == ' ') {
            let hint = "an address is one word such as `github:owner/repository`";
            self.mistake(at, format!("{} is no address", quoted(&url)), hint);
            return None;
        }
        if let Some(revision) = &raw.rev {
            url = channel::with_revision(&url, revision);
        }
        self.needs_network(&url, at);
        let follows = raw.follows.clone().unwrap_or_else(|| default_follows(name));
        for (theirs, ours) in &follows {
            let first = ours.split('/').next().unwrap_or(ours);
            if !names.contains(&first) {
                self.mistake(
                    at.key("follows").key(theirs),
                    format!("`{name}` follows {}, which is no input", quoted(ours)),
                    "name one of the flake's inputs, or add it under `inputs`",
                );
            }
        }
        Some(Input {
            url,
            follows,
            is_flake: raw.flake.unwrap_or(true),
        })
    }

    /// The address of an input as a channel has it.
    pub(super) fn channel_of(
        &mut self,
        name: &str,
        url: &str,
        at: At<'case>,
    ) -> Option<(String, String)> {
        let tarball = channel::tarball(url);
        if tarball.is_none() {
            let message = format!("{} cannot be a channel", quoted(url));
            let hint = "without a flake an input is an archive: `https://….tar.gz`, or `github:owner/repository/branch`";
            self.mistake(at, message, hint);
        }
        Some((name.to_owned(), tarball?))
    }

    /// An address on the network is out of reach without one.
    pub(super) fn needs_network(&mut self, url: &str, at: At<'case>) {
        if channel::is_local(url) {
            return;
        }
        self.guest.locked &= channel::is_locked(url);
        self.guest.endpoints.extend(channel::endpoints(url));
        if !self.guest.network.is_on() {
            self.mistake(
                at,
                format!(
                    "{} is on the network, and the machine has none",
                    quoted(url)
                ),
                match release_of(url) {
                    Some(release) => format!(
                        "add `network: true` to the scenario, use the channel `pocket`, or keep that one here: `switchproof channel \
                         fetch {release}`"
                    ),
                    None => "add `network: true` to the scenario, or use the channel `pocket`".to_owned(),
                },
            );
        }
    }

    fn homes(&mut self, raw: &RawSetup, at: At<'case>) -> BTreeMap<String, Home> {
        let mut homes = BTreeMap::new();
        let version = raw.state_version.as_deref();
        match (&raw.home, &raw.users) {
            (Some(_), Some(_)) => self.mistake(
                at.key("home"),
                "the setup has both `home` and `users`",
                "`home` is short for one user `alice`; move it under `users`",
            ),
            (None, None) => self.mistake(
                at,
                "the setup has nobody's home",
                "add `home:` with `stateVersion` and `packages`, say, or `users:` with a home each",
            ),
            (Some(home), None) => {
                let home = self.home(DEFAULT_USER, home, version, at.key("home"));
                homes.insert(DEFAULT_USER.to_owned(), home);
            }
            (None, Some(users)) => {
                if users.is_empty() {
                    let hint = "name a user, with a home";
                    self.mistake(at.key("users"), "the setup has nobody's home", hint);
                }
                for (user, home) in users {
                    let at = at.key("users").key(user);
                    self.user_name(user, at);
                    let home = self.home(user, home, version, at);
                    homes.insert(user.clone(), home);
                }
            }
        }
        homes
    }

    pub(super) fn user_name(&mut self, user: &str, at: At<'case>) {
        if let Some(hint) = bad_user_name(user) {
            self.key_mistake(at, format!("{} cannot be a user here", quoted(user)), hint);
        }
    }

    fn home(&mut self, user: &str, raw: &RawHome, version: Option<&str>, at: At<'case>) -> Home {
        self.state_version(raw.state_version.as_deref(), at.key("stateVersion"));
        if let Some(config) = &raw.config {
            self.nix(check_module(config), config, at.key("config"));
        }
        let packages = raw.packages.clone().unwrap_or_default();
        for (index, package) in packages.iter().enumerate() {
            if !is_package_path(package) {
                self.mistake(
                    at.key("packages").item(index),
                    format!("{} is no package's name", quoted(package)),
                    "a name is a path such as `python3Packages.requests`; an expression goes into `config`",
                );
            }
        }
        let mut files = BTreeMap::new();
        for (path, file) in raw.files.iter().flatten() {
            let at = at.key("files").key(path);
            self.home_path(path, at);
            if let Some(file) = self.home_file(file, at) {
                files.insert(path.clone(), file);
            }
        }
        self.variables(raw.session_variables.as_ref(), at.key("sessionVariables"));
        Home {
            directory: self.home_directories.get(user).cloned(),
            state_version: raw
                .state_version
                .clone()
                .or_else(|| version.map(str::to_owned)),
            packages,
            programs: raw.programs.clone().unwrap_or_default(),
            config: raw.config.clone(),
            import: self.import(raw.import.as_deref(), at.key("import")),
            files,
            session_variables: raw.session_variables.clone().unwrap_or_default(),
            services: raw.services.clone().unwrap_or_default(),
        }
    }

    fn variables(&mut self, variables: Option<&BTreeMap<String, String>>, at: At<'case>) {
        for name in variables.into_iter().flatten().map(|(name, _)| name) {
            self.variable_name(name, at.key(name));
        }
    }

    pub(super) fn variable_name(&mut self, name: &str, at: At<'case>) {
        let is_fine = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_')
            && is_made_of(name, &['_']);
        if !is_fine {
            let hint = "a variable is letters, digits and `_`, beginning with a letter";
            self.key_mistake(at, format!("{} is no variable's name", quoted(name)), hint);
        }
    }

    pub(super) fn home_path(&mut self, path: &str, at: At<'case>) {
        if let Some(hint) = bad_home_path(path) {
            self.key_mistake(at, format!("{} is no path in a home", quoted(path)), hint);
        }
    }

    fn home_file(&mut self, raw: &RawHomeFile, at: At<'case>) -> Option<HomeFile> {
        let content = match (&raw.text, &raw.from) {
            (Some(text), None) => Content::Text(text.clone()),
            (None, Some(path)) => match self.files.tree(path) {
                Ok(files) => Content::Copy(files),
                Err(error) => {
                    self.mistake(at.key("from"), error.to_string(), error.hint());
                    return None;
                }
            },
            _ => {
                let hint = "give it either `text:` or `from:`";
                self.mistake(at, "it is not clear what the file holds", hint);
                return None;
            }
        };
        Some(HomeFile {
            content,
            executable: raw.executable,
            force: raw.force,
        })
    }

    fn import(&mut self, path: Option<&str>, at: At<'case>) -> Option<Import> {
        let path = path?;
        match self.files.tree(path) {
            Ok(files) => Some(Import {
                name: path
                    .trim_end_matches('/')
                    .rsplit('/')
                    .find(|part| !part.chars().all(|one| one == '.'))
                    .unwrap_or("home")
                    .to_owned(),
                files,
            }),
            Err(error) => {
                self.mistake(at, error.to_string(), error.hint());
                None
            }
        }
    }
}

/// Home Manager and nix-darwin are told to use the flake's nixpkgs, as their manuals say to.
fn default_follows(input: &str) -> BTreeMap<String, String> {
    match input {
        "home-manager" | "nix-darwin" => {
            BTreeMap::from([("nixpkgs".to_owned(), "nixpkgs".to_owned())])
        }
        _ => BTreeMap::new(),
    }
}
