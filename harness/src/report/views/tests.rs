//! The views, over documents made by hand.

use super::*;
use crate::report::results::Results;
use crate::report::results::sample::{HOSTILE, hostile, sample};
use crate::testing::{has, lacks};

/// Elements of an XML document in their order: name, attributes, and how deep.
fn elements(xml: &str) -> Vec<(usize, String)> {
    let (mut depth, mut found) = (0, Vec::new());
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("every tag is closed");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        match tag.as_bytes()[0] {
            b'?' => {}
            b'/' => depth -= 1,
            _ => {
                found.push((depth, tag.trim_end_matches('/').trim().to_owned()));
                depth += usize::from(!tag.ends_with('/'));
            }
        }
    }
    assert_eq!(depth, 0, "every element is closed");
    found
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    Some(rest.split_once('"')?.0)
}

#[test]
fn junit_is_as_ci_servers_read_it() {
    let results = sample(100);
    let xml = junit(&results);
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    let elements = elements(&xml);
    let name = |tag: &str| tag.split_whitespace().next().unwrap().to_owned();
    assert_eq!(name(&elements[0].1), "testsuites");
    let counts = results.counts;
    for tag in [&elements[0].1, &elements[1].1] {
        assert_eq!(attribute(tag, "tests"), Some("100"));
        let (failed, errored) = (counts.failed.to_string(), counts.errored.to_string());
        assert_eq!(attribute(tag, "failures"), Some(&*failed));
        assert_eq!(attribute(tag, "errors"), Some(&*errored));
        assert!(attribute(tag, "time").unwrap().parse::<f64>().is_ok());
    }
    for (depth, tag) in &elements {
        // The children and attributes that the schema of CI servers knows, at their depth.
        let (at, known) = match name(tag).as_str() {
            "testsuites" => (0, "name tests skipped failures errors time"),
            "testsuite" => (1, "name tests skipped errors failures time"),
            "testcase" => (2, "name classname time"),
            "failure" | "error" => (3, "message type"),
            "skipped" => (3, "message"),
            "system-out" => (3, ""),
            other => panic!("the schema knows no {other}"),
        };
        assert_eq!(*depth, at, "{tag}");
        let parts = tag.split("=\"").filter_map(|part| part.rsplit(' ').next());
        for part in parts {
            let is_name = tag.contains(&format!(" {part}=\""));
            let is_known = known.split(' ').any(|it| it == part);
            assert!(!is_name || is_known, "{part} in {tag}");
        }
    }
    let count = |wanted: &str| {
        let found = elements.iter().filter(|(_, tag)| name(tag) == wanted);
        found.count()
    };
    assert_eq!(count("testcase"), 100);
    assert_eq!(count("failure"), counts.failed);
    assert_eq!(count("error"), counts.errored);
    assert_eq!(count("skipped"), counts.not_run);
    assert!(xml.contains("== switch-2 (1.5 s): status 1\nStarting Home Manager activation"));
}

#[test]
fn nothing_of_a_guest_becomes_a_tag_or_a_command() {
    let results = hostile();
    let xml = junit(&results);
    elements(&xml);
    assert!(!xml.contains('\u{7}') && !xml.contains("<img"), "{xml}");
    let lines = annotations(&results);
    assert!(lines.starts_with("::error "), "{lines}");
    lacks(&lines, &["##["]);
    assert_eq!(lines.lines().count(), 1);
    let page = page(&results, None);
    lacks(&page, &["<img"]);
    assert_eq!(page.matches("</script>").count(), 2);
    let data: serde_json::Value = serde_json::from_str(&code_quality(&results)).unwrap();
    assert_eq!(data.as_array().unwrap().len(), 1);
}

#[test]
fn a_summary_is_a_table_and_folded_blocks_within_its_room() {
    let results = sample(200);
    let text = markdown(&results, 1024 * 1024);
    let headline = "### switchproof: 7 failed, 6 errored, 6 not run, 181 passed";
    assert!(text.starts_with(headline), "{text}");
    has(&text, "more cases |");
    let failed = text.find("**failed**").unwrap();
    let passed = text.find("✅ passed").unwrap();
    assert!(failed < passed, "what failed is first");
    assert_eq!(folds(&text), 13);
    has(&text, "```diff\n--- expected");
    for room in [2000, 10_000] {
        let short = markdown(&results, room);
        assert!(short.len() <= room, "{} of {room}", short.len());
        has(&short, "There is no room for");
        folds(&short);
    }
}

/// How many folded blocks there are, each of which ends.
fn folds(text: &str) -> usize {
    let [begun, ended] = ["<details>", "</details>"].map(|tag| text.matches(tag).count());
    assert_eq!(begun, ended, "{text}");
    begun
}

/// What of a summary is not in a fence.
fn outside_of_fences(text: &str) -> String {
    let mut outside = String::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => outside.push_str(&format!("{line}\n")),
        }
    }
    assert_eq!(fence, None);
    outside
}

#[test]
fn a_summary_shows_hostile_text_as_text() {
    let compared = |weight| Comparison {
        title: HOSTILE.to_owned(),
        weight,
        line: HOSTILE.to_owned(),
        text: format!("````\n{HOSTILE}"),
    };
    let both = [compared(Weight::Differs), compared(Weight::Broken)];
    for text in [
        markdown(&hostile(), 1024 * 1024),
        comparisons("diff", &both, 1024 * 1024),
        comparisons("diff", &both[..1], 1024 * 1024),
    ] {
        // Outside of fences nothing of it is markup; a fence is longer than any in the text.
        let outside = outside_of_fences(&text);
        lacks(outside, &["<img", "</script", "[x]", "::", "##["]);
        has(text, HOSTILE.split('\n').next().unwrap());
    }
    has(markdown(&hostile(), 1024 * 1024), "\n````diff\n");
}

#[test]
fn a_summary_of_comparisons_begins_with_what_is_broken_and_keeps_to_its_room() {
    let compared = |number: usize, weight| Comparison {
        title: format!("step {number}"),
        weight,
        line: "one file changed".to_owned(),
        text: "  + .zshrc\n".repeat(50),
    };
    let mut all: Vec<Comparison> = (0..20).map(|at| compared(at, Weight::Differs)).collect();
    all.push(compared(20, Weight::Equal));
    all.push(compared(21, Weight::Broken));
    let whole = comparisons("switchproof diff", &all, 1024 * 1024);
    let first = "### switchproof diff\n\n- <code>step 21</code>: ❌";
    assert!(whole.starts_with(first), "{whole}");
    assert_eq!(folds(&whole), 21, "an equal one has nothing to unfold");
    let short = comparisons("switchproof diff", &all, 6000);
    assert!(short.len() <= 6000, "{short}");
    has(&short, "There is no room for");
    assert!(folds(&short) < 21);
}

#[test]
fn a_page_is_one_file_that_asks_for_nothing() {
    let page = page(&sample(3), None);
    has(&page, "default-src 'none'");
    lacks(page, &["http://", "https://", "src=", "@import", "url("]);
}

#[test]
fn only_the_first_findings_are_annotations() {
    let mut results: Results = sample(3);
    let finding = sample(4).cases[3].findings[0].clone();
    results.cases[0].verdict = crate::report::results::VerdictWord::Failed;
    results.cases[0].findings = vec![finding; 25];
    let lines = annotations(&results);
    assert_eq!(lines.lines().count(), 10, "{lines}");
    let last = lines.lines().last().unwrap();
    assert!(last.ends_with("::and 16 more findings"), "{last}");
    assert!(lines.starts_with("::error file=scenarios/first-switch-0.yaml,line=24,title="));
}
