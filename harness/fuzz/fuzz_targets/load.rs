//! Whatever bytes a scenario file holds: loading it ends soon, does not panic, and says something.
//!
//! `cargo +nightly fuzz run load -- -dict=harness/fuzz/scenario.dict -max_len=4096 -rss_limit_mb=400`

#![no_main]

use libfuzzer_sys::fuzz_target;
use switchproof::scenario::{LoadOptions, load_text, render, render_text_as};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (cases, diagnostics) = load_text("nowhere/fuzzed.yaml", text, &LoadOptions::default());
    assert!(!cases.is_empty() || !diagnostics.is_empty());
    let _ = render_text_as(&diagnostics, false);
    for case in cases.iter().take(3) {
        let _ = render(case);
    }
});
