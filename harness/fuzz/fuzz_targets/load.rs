//! Whatever bytes a scenario file holds: loading it ends soon, does not panic, and says something.
//!
//! In `harness/`, with the corpus of earlier runs and the bundled scenarios as seeds:
//! `mkdir -p fuzz/corpus && tar xzf fuzz/corpus.tar.gz -C fuzz/corpus &&
//! cargo +nightly fuzz run load --fuzz-dir fuzz fuzz/corpus/load ../scenarios -- -dict=fuzz/scenario.dict
//! -max_len=6000 -rss_limit_mb=400 -timeout=20 -max_total_time=600`

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
