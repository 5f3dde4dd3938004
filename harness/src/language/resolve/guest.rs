//! What the machine is, and where it gets what is built already.

use switchproof_vm::image::{Suite, UnknownSuite};

use super::place::At;
use super::scenario::Resolver;
use crate::flake::channel;
use crate::language::raw::{RawGuest, RawScenario, RawSubstituter};
use crate::model::{Guest, Network, Substituter};
use crate::text::quoted;

/// Stands for Nix's own cache in a list of caches.
const DEFAULT: &str = "default";

/// The least and the most that a size may be: as it is written, and in MiB.
type Bounds = ((&'static str, u32), (&'static str, u32));
/// A guest with less does not boot.
const MEMORY: Bounds = (("512MiB", 512), ("256GiB", 256 << 10));
/// The image itself takes up to about 5 GiB.
const DISK: Bounds = (("8GiB", 8 << 10), ("1024GiB", 1 << 20));

impl<'case> Resolver<'case> {
    /// What the guest reaches.
    fn network_of(&mut self, raw: &RawScenario) -> Network {
        let Some(network) = &raw.network else {
            return Network::Off;
        };
        if network.enable.is_none() && network.reaches_host.is_none() {
            let hint = "write `true`, or `{ reachesHost: true }`";
            self.mistake(self.root().key("network"), "`network` has no value", hint);
        }
        let reaches_host = network.reaches_host.unwrap_or(false);
        match (network.enable.unwrap_or(true), reaches_host) {
            (true, true) => Network::InternetAndHost,
            (true, false) => Network::Internet,
            (false, false) => Network::Off,
            (false, true) => {
                let hint = "remove `reachesHost`, or write `enable: true`";
                let message = "without a network the machine reaches no host";
                self.mistake(self.root().key("network").key("reachesHost"), message, hint);
                Network::Off
            }
        }
    }

    /// What the machine is, and what it reaches.
    pub(super) fn machine(&mut self, raw: &RawScenario) -> Guest {
        let network = self.network_of(raw);
        let usual = RawGuest::default();
        let raw = raw.guest.as_ref().unwrap_or(&usual);
        Guest {
            suite: self.suite(raw),
            memory_mib: self.size("memory", raw.memory.as_deref(), MEMORY),
            disk_mib: self.size("disk", raw.disk.as_deref(), DISK),
            cpus: raw.cpus,
            network,
            locked: true,
            ..Guest::default()
        }
    }

    /// A size of the machine in MiB, within bounds.
    fn size(&mut self, key: &str, text: Option<&str>, bounds: Bounds) -> Option<u32> {
        let text = text?;
        let (least, most) = bounds;
        let known = mib(text).filter(|size| (least.1..=most.1).contains(size));
        if known.is_none() {
            let message = format!("{} is no size of a machine's {key}", quoted(text));
            let hint = format!(
                "write it from `{}` to `{}`, such as `16GiB`",
                least.0, most.0
            );
            self.mistake(self.root().key("guest").key(key), message, hint);
        }
        known
    }

    /// The Debian release of the guest.
    fn suite(&mut self, raw: &RawGuest) -> Suite {
        let Some(name) = &raw.suite else {
            return self.options.suite;
        };
        name.parse().unwrap_or_else(|error: UnknownSuite| {
            self.mistake(
                self.root().key("guest").key("suite"),
                error.to_string(),
                error.hint(),
            );
            Suite::default()
        })
    }

    /// The binary caches of the case: the listed ones, as in `nix.conf`, take the place of the default one.
    pub(super) fn substituters(&mut self, raw: &RawScenario) {
        let Some(listed) = &raw.substituters else {
            self.guest.default_substituters = self.guest.network.is_on();
            return;
        };
        if !self.guest.network.is_on() {
            self.mistake(
                self.root().key("substituters"),
                "binary caches are out of reach without a network",
                "add `network: true`, or remove them",
            );
        }
        for (index, one) in listed.iter().enumerate() {
            let at = self.root().key("substituters").item(index);
            if one.url == DEFAULT {
                self.guest.default_substituters = true;
                if one.key.is_some() {
                    let hint = "remove `key`: Nix knows that of its default cache";
                    self.mistake(at.key("key"), "the default cache has its key", hint);
                }
                continue;
            }
            self.cache_address(&one.url, at.key("url"));
            self.cache_key(one, at.key("key"));
            self.guest.endpoints.extend(channel::endpoints(&one.url));
            self.guest.substituters.push(Substituter {
                url: one.url.clone(),
                public_key: one.key.clone(),
            });
        }
    }

    fn cache_address(&mut self, url: &str, at: At<'case>) {
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
    fn cache_key(&mut self, raw: &RawSubstituter, at: At<'case>) {
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

/// A size such as `4GiB` or `1536MiB`, in MiB.
fn mib(text: &str) -> Option<u32> {
    let (digits, factor) = match text.strip_suffix("GiB") {
        Some(digits) => (digits, 1024),
        None => (text.strip_suffix("MiB")?, 1),
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = digits.parse().ok().filter(|_| is_number)?;
    number.checked_mul(factor)
}
