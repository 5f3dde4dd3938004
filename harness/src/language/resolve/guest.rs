//! What the machine is, and where it gets what is built already.

use switchproof_vm::image::{Suite, UnknownSuite};

use super::scenario::Resolver;
use super::setup::{At, below};
use crate::flake::channel;
use crate::language::raw::{RawScenario, RawSubstituter};
use crate::model::{Network, Substituter};
use crate::text::quoted;

/// Stands for Nix's own cache in a list of caches.
const DEFAULT: &str = "default";

/// Where a case gets what is built already.
#[derive(Debug, Default)]
pub(super) struct Caches {
    /// From Nix's own default cache.
    pub(super) default: bool,
    /// From these.
    pub(super) named: Vec<Substituter>,
}

impl Resolver<'_> {
    /// What the guest reaches.
    pub(super) fn network_of(&mut self, raw: &RawScenario) -> Network {
        let Some(network) = &raw.network else {
            return Network::Off;
        };
        if network.enable.is_none() && network.reaches_host.is_none() {
            let hint = "write `true`, or `{ reachesHost: true }`";
            self.mistake(&["network"], "`network` has no value", hint);
        }
        let reaches_host = network.reaches_host.unwrap_or(false);
        match (network.enable.unwrap_or(true), reaches_host) {
            (true, true) => Network::InternetAndHost,
            (true, false) => Network::Internet,
            (false, false) => Network::Off,
            (false, true) => {
                let hint = "remove `reachesHost`, or write `enable: true`";
                let message = "without a network the machine reaches no host";
                self.mistake(&["network", "reachesHost"], message, hint);
                Network::Off
            }
        }
    }

    /// The Debian release of the guest.
    pub(super) fn suite(&mut self, raw: &RawScenario) -> Suite {
        let Some(name) = raw.guest.as_ref().and_then(|guest| guest.suite.as_ref()) else {
            return Suite::default();
        };
        name.parse().unwrap_or_else(|error: UnknownSuite| {
            self.mistake(&["guest", "suite"], error.to_string(), error.hint());
            Suite::default()
        })
    }

    /// The binary caches of the case: the listed ones, as in `nix.conf`, take the place of the default one.
    pub(super) fn caches(&mut self, raw: &RawScenario) -> Caches {
        let Some(listed) = &raw.substituters else {
            return Caches {
                default: self.network.is_on(),
                named: Vec::new(),
            };
        };
        if !self.network.is_on() {
            self.mistake(
                &["substituters"],
                "binary caches are out of reach without a network",
                "add `network: true`, or remove them",
            );
        }
        let mut caches = Caches::default();
        for (index, one) in listed.iter().enumerate() {
            let index = index.to_string();
            let at = ["substituters", index.as_str()];
            if one.url == DEFAULT {
                caches.default = true;
                if one.key.is_some() {
                    let hint = "remove `key`: Nix knows that of its default cache";
                    self.mistake(&below(&at, &["key"]), "the default cache has its key", hint);
                }
                continue;
            }
            self.cache_address(&one.url, &below(&at, &["url"]));
            self.cache_key(one, &below(&at, &["key"]));
            self.reaches.extend(channel::places_on_network(&one.url));
            caches.named.push(Substituter {
                url: one.url.clone(),
                public_key: one.key.clone(),
            });
        }
        caches
    }

    fn cache_address(&mut self, url: &str, at: At<'_>) {
        let is_address = ["http://", "https://", "s3://", "ssh-ng://", "ssh://"]
            .iter()
            .any(|scheme| {
                url.strip_prefix(scheme)
                    .is_some_and(|rest| !rest.is_empty())
            })
            && !url
                .chars()
                .any(|one| one.is_control() || one.is_whitespace());
        if !is_address {
            let message = format!("{} is no address of a binary cache", quoted(url));
            let hint =
                "write it as `https://cache.example.org`; `default` stands for Nix's own cache";
            self.mistake(at, message, hint);
        }
    }

    /// Nix itself would refuse a broken key, but only in the machine.
    fn cache_key(&mut self, raw: &RawSubstituter, at: At<'_>) {
        let Some(key) = &raw.key else { return };
        let bytes = key
            .split_once(':')
            .filter(|(name, _)| !name.is_empty() && !name.contains(char::is_whitespace))
            .and_then(|(_, code)| base64_length(code));
        let hint = match bytes {
            Some(32) => return,
            Some(64) => "this is the secret key: keep it to yourself, and write the public one",
            _ => {
                "a public key is `name:` and 44 characters that end in `=`, as the cache's page gives it"
            }
        };
        let message = "this is not the public key of a binary cache";
        self.mistake(at, message, hint);
    }
}

/// How many bytes a text in base64 stands for; `None` when it is no base64.
fn base64_length(code: &str) -> Option<usize> {
    let digits = code.trim_end_matches('=');
    let padding = code.len() - digits.len();
    let is_fine = code.len().is_multiple_of(4)
        && padding < 3
        && digits
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '+' | '/'));
    is_fine.then(|| code.len() / 4 * 3 - padding)
}
