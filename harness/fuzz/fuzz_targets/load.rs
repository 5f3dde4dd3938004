//! Whatever bytes a scenario file holds: loading it ends soon, does not panic, and says something.
//!
//! In `harness/`, with the corpus of earlier runs and the bundled scenarios as seeds:
//! `mkdir -p fuzz/corpus && tar xJf fuzz/corpus.tar.xz -C fuzz/corpus &&
//! ASAN_OPTIONS=quarantine_size_mb=16 cargo +nightly fuzz run load --fuzz-dir fuzz fuzz/corpus/load ../scenarios --
//! -dict=fuzz/scenario.dict -max_len=6000 -rss_limit_mb=200 -malloc_limit_mb=200 -timeout=20 -max_total_time=600`
//!
//! The quarantine of freed memory is the sanitizer's own and counts as memory in use: with its usual 256 MiB the limit
//! would say nothing of the loader.

#![no_main]

use libfuzzer_sys::fuzz_target;
use switchproof::language::{LoadOptions, load_text, render, render_text_as};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (cases, diagnostics) = load_text("nowhere/fuzzed.yaml", text, &LoadOptions::default());
    assert!(!cases.is_empty() || !diagnostics.is_empty());
    let _ = render_text_as(&diagnostics, false);
    for case in cases.iter().take(3) {
        let _ = render(case);
    }
});
