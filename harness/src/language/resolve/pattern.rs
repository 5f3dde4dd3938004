//! Regular expressions, checked before anything runs.

/// Why a text is no regular expression, in a few words.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    let built = regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build();
    match built {
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => Err("it is too large".to_owned()),
        Err(error) => {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default();
            Err(last.trim_start_matches("error: ").to_owned())
        }
    }
}
