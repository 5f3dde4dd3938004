//! "Did you mean": the nearest of the names there are.

/// How alike two names must be, by Jaro-Winkler, for one to be offered for the other.
const ALIKE: f64 = 0.84;

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        // Of equals the first: the candidates come sorted, so the answer does not change from run to run.
        .fold(None, |best: Option<(f64, &str)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, candidate)| candidate)
}

/// A question to put at the end of a message.
pub(super) fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_offered_and_the_unlike_is_not() {
        let names = ["git", "hello", "ripgrep"];
        assert_eq!(nearest("helo", names.into_iter()), Some("hello"));
        assert_eq!(nearest("zsh", names.into_iter()), None);
        assert_eq!(nearest("git", names.into_iter()), None);
    }
}
