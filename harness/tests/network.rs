//! A guest on the network, with a binary cache and a git repository that this host serves on its loopback. Ignored by
//! name, for it boots machines: `cargo test --test network -- --ignored`. It needs `git`, and no other network.

mod serve;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serve::serve;
use switchproof::host_context::{HostContext, Limits};
use switchproof::judge::{SnapshotMode, Verdict};
use switchproof::language::{load, render_text};
use switchproof::report::{PlainSink, Telling};
use switchproof::run::Options;

/// A program that only the cache has, the cache, and the key that the cache is signed with. The cache was written by
/// `nix copy --to file://…` where the builder finds what it asks for.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/harness/tests/network");

/// A key that signed nothing.
const WRONG_KEY: &str = "switchproof-test-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
#[ignore = "boots machines with a network card; needs the guest image and git"]
fn inputs_and_packages_come_from_the_loopback_of_the_host() {
    let site = Site::new();
    let port = serve(&site.served);
    let first = site.commit("the first");
    site.scenario(
        "open",
        port,
        KEY_OF_CACHE,
        "",
        "expect: { packages: [greet] }",
    );
    let pinned = format!("?rev={first}");
    site.scenario(
        "pinned",
        port,
        KEY_OF_CACHE,
        &pinned,
        "expect: { packages: { greet: { version: \"1.0\" } } }",
    );
    site.scenario(
        "wrong-key",
        port,
        WRONG_KEY,
        &pinned,
        "fails: greet can only be substituted",
    );

    let verdicts = site.run();
    for name in ["open", "pinned", "wrong-key"] {
        assert!(
            ran_and_passed(&verdicts[name]),
            "{name}: {:?}",
            verdicts[name]
        );
    }

    // The repository moves on. What is pinned is known already; what is not sees the change.
    let flake = site.work.join("flake.nix");
    let text = fs::read_to_string(&flake).unwrap();
    fs::write(
        &flake,
        text.replace("derivation {", "throw \"the second\" {"),
    )
    .unwrap();
    site.commit("the second");
    let verdicts = site.run();
    assert!(
        matches!(
            verdicts["pinned"],
            Verdict::Passed {
                cached_at_s: Some(_)
            }
        ),
        "{:?}",
        verdicts["pinned"]
    );
    let Verdict::Failed(found) = &verdicts["open"] else {
        panic!(
            "an unlocked case was served from what was seen before: {:?}",
            verdicts["open"]
        );
    };
    assert!(
        found.iter().any(|one| one.detail.contains("the second")),
        "{found:?}"
    );
}

#[test]
#[ignore = "boots a machine with a network card; needs the guest image and git"]
fn a_place_out_of_reach_is_said_to_be_no_fault_of_the_setup() {
    let site = Site::new();
    // Nobody listens where a listener was just closed.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    site.scenario(
        "unreachable",
        port,
        KEY_OF_CACHE,
        "",
        "expect: { packages: [greet] }",
    );
    let Verdict::Errored { message, hint, .. } = &site.run()["unreachable"] else {
        panic!("a verdict about the setup");
    };
    assert_eq!(
        *message,
        format!("no route: the guest cannot reach 10.0.2.2:{port} (the connection is refused)")
    );
    assert!(
        hint.as_deref()
            .is_some_and(|hint| hint.contains("10.0.2.2")),
        "{hint:?}"
    );
}

const KEY_OF_CACHE: &str = include_str!("network/cache.public-key");

fn ran_and_passed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Passed { cached_at_s: None })
}

/// A folder to be served, the repository in it, and scenarios.
struct Site {
    _folder: tempfile::TempDir,
    served: PathBuf,
    work: PathBuf,
    scenarios: PathBuf,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [served, work, scenarios] =
            ["served", "work", "scenarios"].map(|name| folder.path().join(name));
        copy(&Path::new(FIXTURE).join("cache"), &served.join("cache"));
        copy(&Path::new(FIXTURE).join("tool"), &work);
        fs::create_dir(&scenarios).unwrap();
        git(&work, &["init", "--quiet", "--initial-branch=main"]);
        Self {
            _folder: folder,
            served,
            work,
            scenarios,
        }
    }

    /// Commits the tool's flake as it is, and puts the repository where a plain file server can serve it.
    fn commit(&self, message: &str) -> String {
        git(&self.work, &["add", "--all"]);
        git(
            &self.work,
            &[
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@t",
                "commit",
                "--quiet",
                "-m",
                message,
            ],
        );
        let served = self.served.join("tool.git");
        if served.exists() {
            fs::remove_dir_all(&served).unwrap();
        }
        git(
            &self.work,
            &["clone", "--quiet", "--bare", ".", served.to_str().unwrap()],
        );
        git(&served, &["update-server-info"]);
        git(&self.work, &["rev-parse", "HEAD"])
    }

    fn scenario(&self, name: &str, port: u16, key: &str, revision: &str, outcome: &str) {
        let text = format!(
            "name: {name}
network: {{ reachesHost: true }}
snapshot: false
substituters:
  - {{ url: \"http://10.0.2.2:{port}/cache\", key: \"{}\" }}
setup:
  inputs:
    tool: git+http://10.0.2.2:{port}/tool.git{revision}
  home:
    stateVersion: \"25.11\"
    config: home.packages = [ tool.packages.x86_64-linux.default ];
steps:
  - switch:
    {outcome}
",
            key.trim()
        );
        fs::write(self.scenarios.join(format!("{name}.yaml")), text).unwrap();
    }

    fn run(&self) -> BTreeMap<String, Verdict> {
        let cases = load(std::slice::from_ref(&self.scenarios))
            .unwrap_or_else(|found| panic!("{}", render_text(&found)));
        let host = HostContext::open(Limits::default()).unwrap();
        let plan = host.plan(cases);
        let all = (0..plan.cases.len()).collect();
        let sink = Mutex::new(PlainSink::new(io::stderr(), Telling::Everything));
        let options = Options::new(SnapshotMode::Compare);
        let verdicts = host.run(&plan, &all, &options, &sink, &|_, _| {});
        verdicts
            .into_iter()
            .map(|(case, verdict)| (plan.cases[case].id.clone(), verdict))
            .collect()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
