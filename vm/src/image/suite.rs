//! Which Debian the guest is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A Debian release that a guest can be made of. The pocket channel's programs come from it, too.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
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

    /// As Debian's archive names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trixie => "trixie",
            Self::Sid => "sid",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Suite {
    type Err = UnknownSuite;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.as_str() == name)
            .ok_or_else(|| UnknownSuite {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_named_as_debian_names_it() {
        for suite in Suite::ALL {
            assert_eq!(suite.as_str().parse(), Ok(suite));
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
