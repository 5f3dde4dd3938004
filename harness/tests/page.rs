//! The page in a real browser: what its addresses show, that nothing hostile comes to life, and how fast it is there.
//!
//! Ignored by name unless asked for, since a browser is needed: `SWITCHPROOF_CHROMIUM=/usr/bin/chromium cargo test --test page
//! -- --ignored`. With `SWITCHPROOF_PAGES=FOLDER` the pages are kept there, with pictures of them, to be looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use switchproof::report::results::Results;
use switchproof::report::results::sample::{hostile, sample};
use switchproof::report::views;

/// A browser, and a folder for pages.
struct Browser {
    program: String,
    folder: tempfile::TempDir,
}

/// What a page became.
struct Shown {
    /// The document after its script ran.
    document: String,
    /// What the browser said of errors.
    console: String,
}

impl Browser {
    fn new() -> Self {
        Self {
            program: std::env::var("SWITCHPROOF_CHROMIUM")
                .unwrap_or_else(|_| "chromium".to_owned()),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn page(&self, name: &str, results: &Results, earlier: Option<&Results>) -> PathBuf {
        let path = self.folder.path().join(format!("{name}.html"));
        fs::write(&path, views::page(results, earlier)).unwrap();
        path
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let profile = self.folder.path().join("profile");
        command
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
                "--virtual-time-budget=3000",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null());
        command
    }

    fn shows(&self, page: &Path, address: &str) -> Shown {
        let url = format!("file://{}#{address}", page.display());
        let output = self.command().arg("--dump-dom").arg(url).output().unwrap();
        let console = String::from_utf8_lossy(&output.stderr)
            .lines()
            .filter(|line| line.contains("CONSOLE"))
            .map(|line| format!("{line}\n"))
            .collect();
        Shown {
            document: String::from_utf8_lossy(&output.stdout).into_owned(),
            console,
        }
    }
}

impl Shown {
    /// What a reader sees: the part that the script made, without its tags.
    fn text(&self) -> String {
        let app = self
            .document
            .split_once("<div id=\"app\"")
            .expect("the page has its place")
            .1;
        let app = app.split_once("<script").map_or(app, |(app, _)| app);
        let mut text = String::new();
        for piece in app.split('<') {
            text.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    }

    fn is_quiet(&self) {
        assert_eq!(self.console, "", "the console has errors");
    }
}

#[test]
#[ignore = "needs a browser: SWITCHPROOF_CHROMIUM=/usr/bin/chromium cargo test --test page -- --ignored"]
fn addresses_show_what_they_name() {
    let browser = Browser::new();
    let results = sample(40);
    let page = browser.page("failing", &results, None);
    let failed = &results.by_weight()[0].id;
    let overview = browser.shows(&page, "");
    overview.is_quiet();
    let text = overview.text();
    assert!(text.contains("2 failed"), "{text}");
    assert!(
        text.contains("Machines over time") && text.contains("Matrix"),
        "{text}"
    );
    // A case opens at the step that failed, with what was expected there.
    let case = browser.shows(&page, &format!("c={failed}"));
    case.is_quiet();
    assert!(
        case.text()
            .contains("expected it to contain `setopt autocd`")
    );
    // Its changes, with the words that changed marked.
    let changes = browser.shows(&page, &format!("c={failed}&t=Changes"));
    changes.is_quiet();
    assert!(changes.text().contains("HISTFILE=$ZDOTDIR/history"));
    assert!(
        changes.document.contains("<mark>$ZDOTDIR/history</mark>")
            || changes.document.contains("<mark>ZDOTDIR"),
        "words are marked"
    );
    assert!(changes.text().contains("[U] jq 1.7.1 → 1.8.1"));
    for (tab, wanted) in [
        ("Log", "Activating linkGeneration"),
        ("Whole home", "program-3.conf"),
        ("Warnings", "The evaluation warned of nothing"),
    ] {
        let shown = browser.shows(&page, &format!("c={failed}&t={tab}"));
        shown.is_quiet();
        assert!(shown.text().contains(wanted), "{tab}");
    }
    let filtered = browser.shows(&page, "v=failed");
    filtered.is_quiet();
    assert_eq!(
        filtered
            .document
            .matches("<li><a href=\"#v=failed&amp;c=")
            .count(),
        2
    );
    let searched = browser.shows(&page, "q=install%3Dnixos-module+25.05");
    let all = results
        .cases
        .iter()
        .filter(|case| case.id.contains("25.05,install=nixos"));
    assert_eq!(
        searched.document.matches("<li><a href=\"#q=").count(),
        all.count()
    );
}

#[test]
#[ignore = "needs a browser: SWITCHPROOF_CHROMIUM=/usr/bin/chromium cargo test --test page -- --ignored"]
fn nothing_hostile_comes_to_life() {
    let browser = Browser::new();
    let page = browser.page("hostile", &hostile(), Some(&sample(1)));
    for tab in [
        "Changes",
        "Expectations",
        "Warnings",
        "Log",
        "Whole home",
        "",
    ] {
        let name = "%3C%2Fscript%3E";
        let address = match tab {
            "" => format!("q={name}"),
            tab => {
                let id = url_encoded(&hostile().cases[0].id);
                format!("c={id}&t={tab}")
            }
        };
        let shown = browser.shows(&page, &address);
        shown.is_quiet();
        assert!(!shown.document.contains("<img"), "{tab}");
        let text = shown.text();
        assert!(
            text.contains("</script><img src=x onerror=alert(1)>\\u{202e}"),
            "{tab}: {text}"
        );
        assert!(
            !text.contains('\u{202e}') && !text.contains('\u{7}'),
            "{tab}"
        );
    }
}

#[test]
#[ignore = "needs a browser: SWITCHPROOF_CHROMIUM=/usr/bin/chromium cargo test --test page -- --ignored"]
fn two_hundred_cases_are_a_page_that_is_soon_there() {
    let browser = Browser::new();
    let results = sample(200);
    let began = Instant::now();
    let page = browser.page("200", &results, Some(&sample(199)));
    eprintln!(
        "written in {:.0} ms",
        began.elapsed().as_secs_f64() * 1000.0
    );
    let bytes = fs::metadata(&page).unwrap().len();
    assert!(bytes < 5_000_000, "{bytes} bytes");
    let shown = browser.shows(&page, "");
    shown.is_quiet();
    assert!(shown.text().contains("Since the earlier run"));
    if let Some(folder) = std::env::var_os("SWITCHPROOF_PAGES") {
        pictures(&browser, Path::new(&folder));
    }
}

/// Pages and pictures of them, to be looked at.
fn pictures(browser: &Browser, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let failing = sample(40);
    let id = url_encoded(&failing.by_weight()[0].id);
    let addresses = [
        ("passing", sample(3), String::new()),
        ("failing", failing.clone(), format!("c={id}&t=Changes")),
        ("expected", failing.clone(), format!("c={id}")),
        ("home", failing, format!("c={id}&t=Whole+home")),
        ("200", sample(200), String::new()),
    ];
    for (name, results, address) in addresses {
        let page = browser.page(name, &results, None);
        fs::copy(&page, folder.join(format!("{name}.html"))).unwrap();
        for (width, height) in [(400, 900), (1280, 900), (2000, 1100)] {
            for theme in ["light", "dark"] {
                let picture = folder.join(format!("{name}-{width}-{theme}.png"));
                let mut command = browser.command();
                if theme == "dark" {
                    command
                        .arg("--force-dark-mode")
                        .arg("--blink-settings=preferredColorScheme=0");
                }
                command
                    .arg(format!("--window-size={width},{height}"))
                    .arg(format!("--screenshot={}", picture.display()))
                    .arg(format!("file://{}#{address}", page.display()));
                assert!(command.output().unwrap().status.success());
            }
        }
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
