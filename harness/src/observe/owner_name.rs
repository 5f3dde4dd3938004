//! Names of owners: a home has very many paths of very few owners, so that a name is there once.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// The name of a user or a group; its number where the guest has no name for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OwnerName(Arc<str>);

thread_local! {
    /// The last two names that were made, for the next paths are likely to have them too.
    static LAST: RefCell<[Option<OwnerName>; 2]> = const { RefCell::new([None, None]) };
}

impl From<&str> for OwnerName {
    fn from(name: &str) -> Self {
        LAST.with_borrow_mut(|last| {
            let known = last.iter().flatten().find(|known| ***known == *name);
            if let Some(known) = known {
                return known.clone();
            }
            let made = Self(name.into());
            last.swap(0, 1);
            last[0] = Some(made.clone());
            made
        })
    }
}

impl<'de> Deserialize<'de> for OwnerName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(name.as_str().into())
    }
}

impl Deref for OwnerName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for OwnerName {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl fmt::Display for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_just_made_is_made_once() {
        let text = r#"["alice","users","alice","users","root","users"]"#;
        let owners: Vec<OwnerName> = serde_json::from_str(text).unwrap();
        assert!(Arc::ptr_eq(&owners[0].0, &owners[2].0));
        assert!(Arc::ptr_eq(&owners[1].0, &owners[5].0));
        assert_eq!(serde_json::to_string(&owners).unwrap(), text);
    }
}
