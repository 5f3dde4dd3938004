//! The page in a real browser: what its addresses show, that nothing hostile comes to life, and how fast it is there.
//!
//! Ignored by name unless asked for, since a browser is needed: `SWITCHPROOF_CHROMIUM=/usr/bin/chromium cargo test --test page
//! -- --ignored`. With `SWITCHPROOF_PAGES=FOLDER` the pages are kept there, with pictures of them, for people to see.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use switchproof::report::results::sample::{hostile, sample};
use switchproof::report::results::{CaseResult, Results};
use switchproof::report::views;

/// A browser, and a folder for pages.
struct Browser {
    program: String,
    folder: tempfile::TempDir,
}

/// A document after its script ran.
struct Shown(String);

impl Browser {
    fn new() -> Self {
        Self {
            program: std::env::var("SWITCHPROOF_CHROMIUM").unwrap_or("chromium".to_owned()),
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

    /// What an address shows; its script must run without an error.
    fn shows(&self, page: &Path, address: &str) -> Shown {
        let url = format!("file://{}#{address}", page.display());
        let output = self.command().arg("--dump-dom").arg(url).output().unwrap();
        let console = String::from_utf8_lossy(&output.stderr);
        let errors = console.lines().filter(|line| line.contains("CONSOLE"));
        assert_eq!(Vec::from_iter(errors), [""; 0], "the console has errors");
        Shown(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Shown {
    /// What a reader sees: the part that the script made, without its tags.
    fn text(&self) -> String {
        let (_, app) = self.0.split_once("<div id=\"app\"").expect("the place");
        let app = app.split_once("<script").map_or(app, |(app, _)| app);
        let mut text = String::new();
        for piece in app.split('<') {
            text.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        text.replace("&amp;", "&")
    }

    #[track_caller]
    fn has(&self, piece: &str) {
        let text = self.text();
        assert!(text.contains(piece), "{piece} is not in {text}");
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
    for piece in ["2 failed", "Machines over time", "Matrix"] {
        overview.has(piece);
    }
    // A case opens at the step that failed, with what was expected there.
    let case = browser.shows(&page, &format!("c={failed}"));
    case.has("expected it to contain `setopt autocd`");
    // Its changes, with the words that changed marked.
    let changes = browser.shows(&page, &format!("c={failed}&t=Changes"));
    changes.has("HISTFILE=$ZDOTDIR/history");
    let marked = ["<mark>$ZDOTDIR/history</mark>", "<mark>ZDOTDIR"];
    let is_marked = marked.iter().any(|it| changes.0.contains(it));
    assert!(is_marked, "words are marked");
    changes.has("[U] jq 1.7.1 → 1.8.1");
    for (tab, wanted) in [
        ("Log", "Activating linkGeneration"),
        ("Whole home", "program-3.conf"),
        ("Warnings", "The evaluation warned of nothing"),
    ] {
        let address = format!("c={failed}&t={tab}");
        browser.shows(&page, &address).has(wanted);
    }
    let filtered = browser.shows(&page, "v=failed");
    let links = filtered.0.matches("<li><a href=\"#v=failed&amp;c=");
    assert_eq!(links.count(), 2);
    let searched = browser.shows(&page, "q=install%3Dnixos-module+25.05");
    let is_found = |case: &&CaseResult| case.id.contains("25.05,install=nixos");
    let found = results.cases.iter().filter(is_found);
    let links = searched.0.matches("<li><a href=\"#q=");
    assert_eq!(links.count(), found.count());
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
        assert!(!shown.0.contains("<img"), "{tab}");
        shown.has("</script><img src=x onerror=alert(1)>\\u{202e}");
        let is_odd = |one: char| one == '\u{202e}' || one == '\u{7}';
        assert!(!shown.text().contains(is_odd), "{tab}");
    }
}

#[test]
#[ignore = "needs a browser: SWITCHPROOF_CHROMIUM=/usr/bin/chromium cargo test --test page -- --ignored"]
fn two_hundred_cases_are_a_page_that_is_soon_there() {
    let browser = Browser::new();
    let results = sample(200);
    let began = Instant::now();
    let page = browser.page("200", &results, Some(&sample(199)));
    eprintln!("written in {:?}", began.elapsed());
    let bytes = fs::metadata(&page).unwrap().len();
    assert!(bytes < 5_000_000, "{bytes} bytes");
    browser.shows(&page, "").has("Since the earlier run");
    if let Some(folder) = std::env::var_os("SWITCHPROOF_PAGES") {
        pictures(&browser, Path::new(&folder));
    }
}

/// Pages and pictures of them, for people to see.
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
