//! A guest on the network, with a binary cache and a git repository that this host serves on its loopback. Ignored by
//! name, for it boots machines: `cargo test --test network -- --ignored`. It needs `git`, `debugfs` and `tar`, and no other network.

mod serve;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serve::{must, pack, run, serve, take_of_image};
use switchproof::judge::Verdict;

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
    let has_greet = "expect: { packages: [greet] }";
    site.scenario("open", port, KEY_OF_CACHE, "", has_greet);
    let pinned = format!("?rev={first}");
    let has_first = "expect: { packages: { greet: { version: \"1.0\" } } }";
    site.scenario("pinned", port, KEY_OF_CACHE, &pinned, has_first);
    let fails = "fails: greet can only be substituted";
    site.scenario("wrong-key", port, WRONG_KEY, &pinned, fails);

    let verdicts = run(&site.scenarios);
    for name in ["open", "pinned", "wrong-key"] {
        let verdict = &verdicts[name];
        let ran = matches!(verdict, Verdict::Passed { cached_at_s: None });
        assert!(ran, "{name}: {verdict:?}");
    }

    // The repository moves on. What is pinned is known already; what is not sees the change.
    let flake = site.work.join("flake.nix");
    let text = fs::read_to_string(&flake).unwrap();
    let second = text.replace("derivation {", "throw \"the second\" {");
    fs::write(&flake, second).unwrap();
    site.commit("the second");
    let verdicts = run(&site.scenarios);
    let pinned = &verdicts["pinned"];
    let is_cached = matches!(pinned, Verdict::Passed { cached_at_s } if cached_at_s.is_some());
    assert!(is_cached, "{pinned:?}");
    let Verdict::Failed(found) = &verdicts["open"] else {
        panic!("served from what was seen before: {:?}", verdicts["open"]);
    };
    let says = found.iter().any(|one| one.detail.contains("the second"));
    assert!(says, "{found:?}");
}

#[test]
#[ignore = "boots a machine with a network card; needs the guest image and git"]
fn a_place_out_of_reach_is_said_to_be_no_fault_of_the_setup() {
    let site = Site::new();
    // Nobody listens where a listener was just closed.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let has_greet = "expect: { packages: [greet] }";
    site.scenario("unreachable", port, KEY_OF_CACHE, "", has_greet);
    let Verdict::Errored { message, hint, .. } = &run(&site.scenarios)["unreachable"] else {
        panic!("a verdict about the setup");
    };
    let said =
        format!("no route: the guest cannot reach 10.0.2.2:{port} (the connection is refused)");
    assert_eq!(*message, said);
    let hint = hint.as_deref().unwrap_or_default();
    assert!(hint.contains("10.0.2.2"), "{hint}");
}

#[test]
#[ignore = "boots a machine with a network card; needs the guest image, debugfs and tar"]
fn channels_of_a_home_without_a_flake_come_over_the_network() {
    let folder = tempfile::tempdir().unwrap();
    for project in ["nixpkgs", "home-manager"] {
        take_of_image(project, folder.path());
        let archive = folder.path().join(format!("{project}.tar.gz"));
        pack(&archive, &folder.path().join(project));
    }
    let place = format!("http://10.0.2.2:{}", serve(folder.path()));
    let scenarios = tempfile::tempdir().unwrap();
    let text = CHANNELS.replace("@PLACE@", &place);
    fs::write(scenarios.path().join("channels.yaml"), text).unwrap();
    let verdict = &run(scenarios.path())["channels"];
    assert!(matches!(verdict, Verdict::Passed { .. }), "{verdict:?}");
}

/// The command that the first switch installed does the second, whose channels are the same; the third's are not, and it updates.
const CHANNELS: &str = "name: channels
network: { reachesHost: true }
substituters: []
snapshot: false
laws: none
setup:
  flake: false
  inputs:
    nixpkgs: @PLACE@/nixpkgs.tar.gz
    home-manager: @PLACE@/home-manager.tar.gz
  home: { stateVersion: \"24.05\", programs: [home-manager], files: { .greeting: Hello. } }
steps:
  - switch:
    expect:
      packages: [home-manager]
      files:
        .greeting: { leadsTo: generation, contains: Hello }
        .nix-channels: { contains: [@PLACE@/home-manager.tar.gz home-manager, @PLACE@/nixpkgs.tar.gz nixpkgs] }
      commands: [nix-instantiate --find-file home-manager]
  - switch: { setup: { home: { files: { .greeting: Bye. } } } }
    expect: { files: { .greeting: { contains: Bye } } }
  - switch: { setup: { inputs: { more: \"@PLACE@/nixpkgs.tar.gz\" } } }
    expect: { commands: [nix-instantiate --find-file more] }
";

const KEY_OF_CACHE: &str = include_str!("network/cache.public-key");

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
        let somebody = ["-c", "user.name=t", "-c", "user.email=t@t"];
        let commit = ["commit", "--quiet", "-m", message];
        git(&self.work, &[somebody, commit].concat());
        let served = self.served.join("tool.git");
        if served.exists() {
            fs::remove_dir_all(&served).unwrap();
        }
        let place = served.to_str().unwrap();
        git(&self.work, &["clone", "--quiet", "--bare", ".", place]);
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
    must(Command::new("git").current_dir(folder).args(arguments))
}
