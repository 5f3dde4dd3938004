//! Holds the pocket channel against the real Home Manager: every case with a snapshot runs again with a checkout laid over the pocket's,
//! and what is seen is compared with the reviewed snapshots, which are what the pocket shows.
//!
//!     SWITCHPROOF_HOME_MANAGER=~/home-manager SWITCHPROOF_NIXPKGS_LIB=~/nixpkgs.lib cargo test --test parity
//!
//! The laws of a case are tried on it as well; `-- --skip :` leaves them out, a third of the steps.
//!
//! `SWITCHPROOF_HOME_MANAGER` names a checkout of Home Manager; without it every test is ignored.
//! A release that the pocket channel has a revision for (`vm/pocket/revisions`) is compared with that revision, which
//! runs beside it.
//!
//! `SWITCHPROOF_NIXPKGS_LIB`, or else `SWITCHPROOF_NIXPKGS`, names a folder with nixpkgs' `lib`; the pocket's own is
//! used where neither is set. The packages are the pocket's in any case. A difference is right only if
//! `vm/pocket/DIFFERENCES.md` lists it; a case of which it lists everything is ignored. What was seen is left in
//! `target/tmp/parity-RELEASE`.

mod known;
mod shared_run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use known::{Known, placed};
use libtest_mimic::{Arguments, Failed, Trial};
use shared_run::{SharedRun, bundled, selection};
use similar::{ChangeTag, TextDiff};
use switchproof::flake::{Channels, Checkout, HostFileError, revision_overlay};
use switchproof::judge::{
    SnapshotFolder, SnapshotMode, SnapshotPolicy, Verdict, redact_message, snapshot_path,
};
use switchproof::language::LoadOptions;
use switchproof::model::{Case, ChannelOverlay, Install};
use switchproof::report::describe;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    let (cases, pocket_only): (Vec<_>, Vec<_>) = match bundled(&LoadOptions::default()) {
        Ok(cases) => cases
            .into_iter()
            .filter(|case| case.steps.iter().any(|step| step.snapshot))
            .partition(|case| !is_pocket_only(case)),
        Err(mistakes) => {
            eprint!("{mistakes}");
            return ExitCode::from(2);
        }
    };
    let Some(checkout) = checkout() else {
        if !args.list {
            eprintln!(
                "parity: not run, as SWITCHPROOF_HOME_MANAGER names no checkout of Home Manager"
            );
        }
        let parity = cases.iter().map(|case| ignored(case, "parity"));
        let others = pocket_only.iter().map(|case| ignored(case, "pocket only"));
        let trials = parity.chain(others).collect();
        return libtest_mimic::run(&args, trials).exit_code();
    };
    match Parity::new(&checkout, &mut args, cases) {
        Ok(parity) => parity.run(&args, &pocket_only),
        Err(error) => {
            eprintln!("parity: {error}");
            ExitCode::from(2)
        }
    }
}

fn checkout() -> Option<Checkout> {
    Channels::from_environment(None).pocket
}

/// Whether a case names an older revision of the pocket channel, which no checkout replaces.
fn is_pocket_only(case: &Case) -> bool {
    let names_revision = |text: &str| {
        let mut places = text.split("/etc/switchproof/pocket/").skip(1);
        places.any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    let mut texts = case.steps.iter().flat_map(|step| step.action.texts());
    texts.any(|text| names_revision(&text))
}

/// A case that is not compared. Asked to run all the same, it fails: nothing was compared.
fn ignored(case: &Case, kind: &str) -> Trial {
    Trial::test(case.id.clone(), || Err("it is not compared here".into()))
        .with_kind(kind)
        .with_ignored_flag(true)
}

/// How the real one did in one case.
#[derive(Clone)]
enum Outcome {
    Equal,
    Explained(Vec<String>),
    Different,
    /// A machine or the tool broke.
    Unknown,
}

/// A run of the cases, and where it leaves what it sees.
struct Side {
    run: Arc<SharedRun>,
    seen: PathBuf,
}

struct Parity {
    release: String,
    cases: BTreeMap<String, Case>,
    /// Cases that do what the release cannot do.
    excluded: Vec<Case>,
    /// The pocket's revision of the release; where it has none, what the reviewed snapshots say is compared.
    pocket: Option<Side>,
    real: Side,
    known: Known,
    results: Mutex<BTreeMap<String, Outcome>>,
}

impl Parity {
    fn new(
        checkout: &Checkout,
        args: &mut Arguments,
        cases: Vec<Case>,
    ) -> Result<Arc<Self>, HostFileError> {
        let release = checkout.release()?;
        let known = Known::read(&release);
        let (excluded, cases): (Vec<_>, Vec<_>) =
            cases.into_iter().partition(|case| known.excludes(&case.id));
        let revision = repository().join("vm/pocket/revisions").join(&release);
        let pocket = if revision.is_dir() {
            let overlay = revision_overlay(&revision, &release)?;
            let name = format!("{release}-pocket");
            // Each run takes the number of jobs from the arguments, and tells libtest-mimic another.
            Some(Side::new(&mut args.clone(), &cases, &name, overlay))
        } else {
            None
        };
        let real = Side::new(args, &cases, &release, checkout.overlay()?);
        let by_id = cases.into_iter().map(|case| (case.id.clone(), case));
        Ok(Arc::new(Self {
            cases: by_id.collect(),
            excluded,
            pocket,
            real,
            known,
            release,
            results: Mutex::default(),
        }))
    }

    fn run(self: &Arc<Self>, args: &Arguments, pocket_only: &[Case]) -> ExitCode {
        let trial = |id: &String| {
            let (parity, id) = (Arc::clone(self), id.clone());
            Trial::test(id.clone(), move || parity.compare(&id)).with_kind("parity")
        };
        let mut trials: Vec<Trial> = self.cases.keys().map(trial).collect();
        trials.extend(pocket_only.iter().map(|case| ignored(case, "pocket only")));
        trials.extend(self.excluded.iter().map(|case| ignored(case, "excluded")));
        let conclusion = libtest_mimic::run(args, trials);
        if args.list {
            return conclusion.exit_code();
        }
        self.tell();
        let all_ran = args.filter.is_none() && args.skip.is_empty();
        let unseen = self.known.unseen();
        if all_ran && !unseen.is_empty() {
            let unseen = unseen.join("\n  ");
            println!("listed in {}, but not seen:\n  {unseen}", known::FILE);
            return ExitCode::from(101);
        }
        conclusion.exit_code()
    }

    fn compare(&self, id: &str) -> Result<(), Failed> {
        let Some(case) = self.cases.get(id) else {
            return Err("no such case".into());
        };
        let seen = match &self.pocket {
            Some(side) => side.seen(case),
            None => Ok(shown(&repository().join("snapshots"), case)),
        };
        let (pocket, real) = match (seen, self.real.seen(case)) {
            (Ok(pocket), Ok(real)) => (pocket, real),
            (Err(broken), _) | (_, Err(broken)) => {
                self.note(id, Outcome::Unknown);
                return Err(broken.into());
            }
        };
        let (explained, new): (Vec<_>, Vec<_>) = changes(&pocket, &real)
            .into_iter()
            .partition(|change| self.known.explains(id, change));
        let result = match (explained.is_empty(), new.is_empty()) {
            (true, true) => Outcome::Equal,
            (false, true) => Outcome::Explained(explained),
            (_, false) => Outcome::Different,
        };
        self.note(id, result);
        if new.is_empty() {
            return Ok(());
        }
        Err(format!(
            "the real one differs (- pocket, + real):\n{}\nmake the pocket alike, or list it with its reason in {}",
            new.join("\n"),
            known::FILE
        )
        .into())
    }

    fn note(&self, id: &str, result: Outcome) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.insert(id.to_owned(), result);
    }

    /// Prints how many are equal, for each way of installing.
    fn tell(&self) {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        println!("parity with Home Manager {}:", self.release);
        use Install::{DarwinModule, NixosModule, Standalone};
        for install in [Standalone, NixosModule, DarwinModule] {
            let of: Vec<(&String, &Outcome)> = results
                .iter()
                .filter(|(id, _)| self.cases.get(*id).and_then(install_of) == Some(install))
                .collect();
            if of.is_empty() {
                continue;
            }
            let count =
                |wanted: fn(&Outcome) -> bool| of.iter().filter(|(_, it)| wanted(it)).count();
            println!(
                "  {install:?}: {} of {} equal, {} explained, {} different, {} not seen",
                count(|it| matches!(it, Outcome::Equal)),
                of.len(),
                count(|it| matches!(it, Outcome::Explained(_))),
                count(|it| matches!(it, Outcome::Different)),
                count(|it| matches!(it, Outcome::Unknown)),
            );
            for (id, result) in of {
                match result {
                    Outcome::Equal => {}
                    Outcome::Explained(lines) => {
                        println!("    explained: {id} ({} lines)", lines.len())
                    }
                    Outcome::Different => println!("    different: {id}"),
                    Outcome::Unknown => println!("    not seen: {id}"),
                }
            }
        }
    }
}

impl Side {
    /// The cases on the channel that `overlay` makes of the pocket's; `name` is that of the folder for what is seen.
    fn new(args: &mut Arguments, cases: &[Case], name: &str, overlay: ChannelOverlay) -> Self {
        let seen = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("parity-{name}"));
        let mut cases = cases.to_vec();
        for case in &mut cases {
            case.guest.channels = vec![overlay.clone()];
        }
        if !args.list {
            for case in selection(args, &cases) {
                forget(&cases[case], &seen);
            }
        }
        let snapshots = SnapshotPolicy {
            mode: SnapshotMode::Update,
            folder: SnapshotFolder::At(seen.clone()),
        };
        let run = SharedRun::new(args, cases, snapshots, Arc::new(|_, _, _| {}));
        Self { run, seen }
    }

    /// What is seen of a case, and above it what is not as the scenario expects. The error says what broke.
    fn seen(&self, case: &Case) -> Result<Vec<String>, String> {
        let mut lines = match self.run.verdict(&case.id) {
            Verdict::Passed { .. } => Vec::new(),
            Verdict::Failed(findings) => findings
                .iter()
                .map(|it| redact_message(&format!("! {}: {}\n{}", it.step, it.message, it.detail)))
                .collect(),
            verdict => return Err(describe(&case.id, &verdict)),
        };
        lines.extend(shown(&self.seen, case));
        Ok(lines)
    }
}

/// Removes what an earlier run saw of a case: a step that is not reached must not look as it did then.
fn forget(case: &Case, seen: &Path) {
    for step in &case.steps {
        let _ = std::fs::remove_file(snapshot_path(seen, case, step));
    }
}

/// The lines of a case's snapshots, each with its place.
fn shown(root: &Path, case: &Case) -> Vec<String> {
    let steps = case.steps.iter().filter(|step| step.snapshot);
    steps
        .flat_map(|step| placed(&body(&snapshot_path(root, case, step))))
        .collect()
}

/// What one side alone shows, with its sign: `-` the pocket, `+` the real one; what the real one alone does not do as
/// expected begins with `!` already.
fn changes(pocket: &[String], real: &[String]) -> Vec<String> {
    let [pocket, real] = [pocket, real].map(|lines| {
        let lines = lines.iter().map(String::as_str);
        lines.collect::<Vec<_>>()
    });
    let diff = TextDiff::from_slices(&pocket, &real);
    let signed = |change: similar::Change<&str>| match change.tag() {
        ChangeTag::Equal => None,
        ChangeTag::Insert if change.value().starts_with("! ") => Some(change.value().to_owned()),
        ChangeTag::Insert => Some(format!("+ {}", change.value())),
        ChangeTag::Delete => Some(format!("- {}", change.value())),
    };
    diff.iter_all_changes().filter_map(signed).collect()
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How the first setup of a case is installed.
fn install_of(case: &Case) -> Option<Install> {
    let mut setups = case.steps.iter().filter_map(|step| step.action.setup());
    setups.next().map(|it| it.target.install)
}

/// A snapshot without its header; empty where there is none.
fn body(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let after = text.splitn(3, "---\n").nth(2);
    after.unwrap_or_default().to_owned()
}
