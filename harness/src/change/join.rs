//! Both sides of a comparison, key by key.

use std::collections::{BTreeMap, BTreeSet};

/// Each key that either side has, ascending, with what stands there before and after.
pub(super) fn join<'a, K: Ord, V>(
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, Option<&'a V>, Option<&'a V>)> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    let pair = |key| (key, before.get(key), after.get(key));
    keys.into_iter().map(pair)
}
