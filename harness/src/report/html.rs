//! One page that holds everything: to be kept as an artefact and read offline.

use std::fmt::Write as _;

use super::markup::markup;
use super::summary::{Ended, Summary};
use super::words::{ONLY_BUILT, ago, span, verdict_word};
use crate::judge::{Finding, Verdict};
use crate::observe::text::tail;

/// Lines of a guest's console that are shown.
const CONSOLE_LINES: usize = 100;

/// The page of a run: what is wrong comes first, then everything by name.
pub(super) fn page(summary: &Summary, mut cases: Vec<Ended>) -> String {
    cases.sort_by(|left, right| {
        (rank(&left.verdict), &left.case).cmp(&(rank(&right.verdict), &right.case))
    });
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>switchproof: {0}</title>\n<style>{STYLE}</style>\n<h1>{0}</h1>\n",
        markup(&summary.to_string())
    );
    for ended in &cases {
        push_case(&mut page, ended);
    }
    page.push_str("</html>\n");
    page
}

const STYLE: &str = "
:root { color-scheme: light dark; --bad: #c62828; --good: #2e7d32; --odd: #8e24aa; --none: #8d6e00 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem }
details, p.case { border-left: .3rem solid; padding: .2rem .8rem; margin: .4rem 0 }
.passed { border-color: var(--good) } .failed { border-color: var(--bad) }
.errored { border-color: var(--odd) } .not-run { border-color: var(--none) }
summary { cursor: pointer } .word { font-weight: 600 } .time, .place { opacity: .7 }
pre { overflow-x: auto; padding: .6rem; background: #8881; font-size: 13px; line-height: 1.4 }
.add { color: var(--good) } .del { color: var(--bad) } .at { opacity: .7 }
";

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Failed(_) => 0,
        Verdict::Errored { .. } => 1,
        Verdict::NotRun { .. } => 2,
        Verdict::Passed { .. } => 3,
    }
}

fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed { .. } => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Errored { .. } => "errored",
        Verdict::NotRun { .. } => "not-run",
    }
}

fn push_case(page: &mut String, ended: &Ended) {
    let verdict = &ended.verdict;
    let time = match verdict {
        Verdict::Passed {
            cached_at_s: Some(at),
        } => format!("ran {}", ago(*at)),
        Verdict::NotRun { .. } => String::new(),
        _ => span(ended.elapsed),
    };
    let only_built = if ended.only_built {
        format!(", {ONLY_BUILT}")
    } else {
        String::new()
    };
    let head = format!(
        "<span class=\"word\">{}</span> {}{only_built} <span class=\"time\">{time}</span>",
        verdict_word(verdict),
        markup(&ended.case)
    );
    let class = class(verdict);
    let body = match verdict {
        Verdict::Passed { .. } => String::new(),
        Verdict::NotRun { reason } => format!("<p>{}</p>\n", markup(reason)),
        Verdict::Failed(findings) => findings.iter().map(finding).collect(),
        Verdict::Errored {
            message,
            hint,
            console_tail,
            ..
        } => errored(message, hint.as_deref(), console_tail),
    };
    // Writing to a String cannot fail.
    let _ = if body.is_empty() {
        writeln!(page, "<p class=\"case {class}\">{head}</p>")
    } else {
        writeln!(
            page,
            "<details class=\"{class}\" open><summary>{head}</summary>\n{body}</details>"
        )
    };
}

fn finding(finding: &Finding) -> String {
    let mut text = format!(
        "<p>{} <span class=\"place\">after {}, {}:{}</span></p>\n",
        markup(&finding.message),
        markup(&finding.step),
        markup(&finding.file.to_string_lossy()),
        finding.line
    );
    if !finding.detail.is_empty() {
        let _ = writeln!(text, "<pre>{}</pre>", painted(&finding.detail));
    }
    text
}

fn errored(message: &str, hint: Option<&str>, console_tail: &str) -> String {
    let mut text = format!("<p>{}</p>\n", markup(message));
    if let Some(hint) = hint {
        let _ = writeln!(text, "<p>hint: {}</p>", markup(hint));
    }
    if !console_tail.trim().is_empty() {
        let shown = markup(&tail(console_tail, CONSOLE_LINES));
        let _ = writeln!(
            text,
            "<p>The guest's console ended with:</p>\n<pre>{shown}</pre>"
        );
    }
    text
}

/// A difference with its lines coloured; any other text as it is.
fn painted(detail: &str) -> String {
    if !detail.starts_with("--- expected\n") {
        return markup(detail);
    }
    let lines: Vec<String> = detail
        .lines()
        .map(|line| {
            let class = match line.as_bytes().first() {
                Some(b'+') => "add",
                Some(b'-') => "del",
                Some(b'@') => "at",
                _ => return markup(line),
            };
            format!("<span class=\"{class}\">{}</span>", markup(line))
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::document::DocumentSink;
    use super::super::plain::tests::{run, run_of_a_mac, tell};
    use super::*;

    #[test]
    fn a_page_holds_the_run_and_nothing_from_elsewhere() {
        let mut out = Vec::new();
        tell(DocumentSink::html(&mut out), run());
        let page = String::from_utf8(out).unwrap();
        assert!(
            page.contains("<h1>1 passed, 1 failed in 1 min 05 s</h1>"),
            "{page}"
        );
        let failed = page.find("FAILED").unwrap();
        assert!(
            failed < page.find("passed</span> first-switch").unwrap(),
            "{page}"
        );
        assert!(
            !page.contains("http://") && !page.contains("https://") && !page.contains("<script")
        );
    }

    #[test]
    fn a_case_that_was_not_switched_to_says_so() {
        let mut out = Vec::new();
        tell(DocumentSink::html(&mut out), run_of_a_mac());
        let page = String::from_utf8(out).unwrap();
        assert!(
            page.contains("on-a-mac, built only, never switched"),
            "{page}"
        );
    }

    #[test]
    fn a_difference_is_coloured_and_a_guest_writes_no_tags() {
        let shown = painted("--- expected\n+++ seen\n@@ -1 +1 @@\n-<a>\n+<script>\n x");
        assert!(
            shown.contains("<span class=\"add\">+&lt;script&gt;</span>\n x"),
            "{shown}"
        );
        assert_eq!(painted("-<a>"), "-&lt;a&gt;");
    }
}
