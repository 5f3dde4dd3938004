//! Which Debian the guest is.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, EnumString};

/// A Debian release that a guest can be made of. The pocket channel's programs come from it, too.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Default,
    AsRefStr,
    Display,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[strum(parse_err_ty = UnknownSuite, parse_err_fn = UnknownSuite::of)]
pub enum Suite {
    /// Debian 13, with Nix 2.26.
    #[default]
    Trixie,
    /// Debian's development branch, with the newest Nix that Debian has. It changes every day; an image of it stays as
    /// it was built.
    Sid,
}

/// No guest can be made of this release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no guest can be made of Debian `{name}`")]
pub struct UnknownSuite {
    name: String,
}

impl UnknownSuite {
    fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    /// Why, and what to do instead.
    pub fn hint(&self) -> &'static str {
        match self.name.as_str() {
            "bookworm" | "bullseye" | "buster" | "oldstable" => {
                "its Nix is 2.8 or older, too old for today's flakes; use `trixie` or `sid`"
            }
            "forky" | "testing" => {
                "programs that the channel offers come and go in it; use `trixie` or `sid`"
            }
            "stable" => "name the release, so that it stays the same: `trixie`",
            "unstable" => "it goes by its name: `sid`",
            _ => "use `trixie`, which is the default, or `sid`",
        }
    }
}

impl Suite {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Trixie, Self::Sid];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_named_as_debian_names_it() {
        for suite in Suite::ALL {
            assert_eq!(suite.as_ref().parse(), Ok(suite));
        }
        assert_eq!(Suite::ALL[0], Suite::default());
    }

    #[test]
    fn a_release_that_cannot_be_a_guest_says_why() {
        let error = "bookworm".parse::<Suite>().unwrap_err();
        assert!(error.hint().contains("its Nix is 2.8"), "{}", error.hint());
        assert_eq!(
            error.to_string(),
            "no guest can be made of Debian `bookworm`"
        );
    }
}
