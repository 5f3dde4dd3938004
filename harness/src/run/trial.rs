//! Whole runs on fake machines, for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fake::FakeHypervisor;
use super::ledger::lock;
use super::*;
use crate::judge::{Finding, SnapshotMode, Verdict};
use crate::model::{
    Action, Case, ChannelOverlay, Guest, InitialHome, Install, Laws, NIXOS_PLACE, Outcome, Part,
    Session, Step, Switch, Target, User,
};
use crate::plan::Plan;
use crate::report::results::{Collector, Results, VerdictWord};
use crate::report::{Event, Sink, StateSeen, views};
use crate::testing::{Folder, has};

/// A case whose steps run these commands; see [`FakeHypervisor`] for what they do.
pub(crate) fn case(id: &str, commands: &[&str]) -> Case {
    let step = |(index, command): (usize, &&str)| Step {
        name: format!("run-{}", index + 1),
        action: Action::Run {
            command: (*command).to_owned(),
            user: None,
            session: Session::Login,
        },
        outcome: Outcome::Succeeds,
        expect: Vec::new(),
        snapshot: false,
        deadline_s: 10,
        part: Part::Own,
        line: index + 1,
    };
    Case {
        id: id.to_owned(),
        scenario: id.to_owned(),
        description: String::new(),
        file: PathBuf::from("test.yaml"),
        axes: Vec::new(),
        untracked: BTreeSet::new(),
        laws: Laws::default(),
        trial: None,
        guest: Guest {
            locked: true,
            ..Guest::default()
        },
        users: vec![User {
            name: "alice".to_owned(),
            home: InitialHome::Empty,
            directory: None,
        }],
        steps: commands.iter().enumerate().map(step).collect(),
    }
}

/// A switch to a flake that is empty.
pub(crate) fn test_switch(install: Install) -> Switch {
    Switch {
        target: Target {
            install,
            user: None,
            command: None,
        },
        flake: Arc::default(),
        output: "output".to_owned(),
        backup_extension: None,
        dry_run: false,
        override_inputs: BTreeMap::new(),
        first_host: None,
        other_way: None,
        options: Vec::new(),
        channels: BTreeMap::new(),
    }
}

/// A channel that takes the pocket's place and has NixOS' own modules.
pub(crate) fn test_nixos() -> ChannelOverlay {
    ChannelOverlay {
        name: None,
        digest: "d".to_owned(),
        files: Arc::default(),
        replaced: vec![NIXOS_PLACE.to_owned()],
        sources: Vec::new(),
        is_bare: false,
    }
}

/// A host of fake machines, with a cache of its own.
pub(super) struct Bench {
    pub(super) folder: Folder,
    pub(super) hypervisor: FakeHypervisor,
    /// What becomes of snapshots.
    pub(super) mode: SnapshotMode,
    pub(super) fresh: bool,
    pub(super) fail_fast: bool,
    pub(super) jobs: usize,
    /// How long a machine is waited for.
    pub(super) patience: Duration,
    /// What the last run told.
    pub(super) told: Arc<Mutex<Vec<Event>>>,
}

/// Keeps what is told, and makes the document that reports are views of.
struct Recorder(Arc<Mutex<Vec<Event>>>, Arc<Mutex<Collector>>);

impl Sink for Recorder {
    fn event(&mut self, event: &Event) {
        lock(&self.0).push(event.clone());
        lock(&self.1).event(event);
    }

    fn planned(&mut self, plan: &Plan, selected: &BTreeSet<usize>) {
        lock(&self.1).planned(plan, selected);
    }

    fn saw(&mut self, seen: StateSeen<'_>) {
        lock(&self.1).saw(seen);
    }
}

/// Every case is in every report, with a reason where it was not run.
fn are_reported(results: &Results) {
    let pages = [
        results.to_json(),
        views::junit(results),
        views::page(results, None),
        views::markdown(results, 1 << 20),
    ];
    for case in &results.cases {
        for page in &pages {
            has(page, &case.id);
        }
        let is_told = case.verdict != VerdictWord::NotRun
            || case.reason.as_ref().is_some_and(|it| !it.is_empty());
        assert!(is_told, "{case:?}");
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        let hypervisor = FakeHypervisor::default();
        *lock(&hypervisor.image) = Some("image".to_owned());
        Self {
            folder: Folder::new(),
            hypervisor,
            mode: SnapshotMode::Compare,
            fresh: false,
            fail_fast: false,
            jobs: 2,
            patience: Duration::from_secs(60),
            told: Arc::default(),
        }
    }

    /// The same, using nothing of earlier runs.
    pub(super) fn fresh(self) -> Self {
        Self {
            fresh: true,
            ..self
        }
    }

    pub(super) fn results(&self) -> ResultStore {
        ResultStore::new(&self.folder.path().join("results"))
    }

    pub(super) fn budget(&self) -> Budget {
        let locks = self.folder.path().join("locks");
        let budget = Budget::new(&locks, self.jobs, Some(1024)).unwrap();
        budget.patient_for(self.patience)
    }

    pub(super) fn plan(&self, cases: Vec<Case>) -> Plan {
        Plan::new(cases, |guest| self.hypervisor.base_key(guest))
    }

    pub(super) fn options(&self) -> Options {
        Options {
            fresh: self.fresh,
            fail_fast: self.fail_fast,
            ..Options::new(self.mode)
        }
    }

    pub(super) fn known<'a>(
        &'a self,
        plan: &'a Plan,
        selected: &'a BTreeSet<usize>,
        results: &'a ResultStore,
        options: &'a Options,
    ) -> Known<'a> {
        Known {
            plan,
            selected,
            hypervisor: &self.hypervisor,
            results,
            options,
        }
    }

    /// Runs all cases. Each of them has a verdict, was told exactly once, and is in every report.
    pub(super) fn run(&self, cases: Vec<Case>) -> BTreeMap<String, Verdict> {
        lock(&self.hypervisor.log).clear();
        lock(&self.told).clear();
        let plan = self.plan(cases);
        let selected: BTreeSet<usize> = (0..plan.cases.len()).collect();
        let called_back = Mutex::new(Vec::new());
        let collector = Arc::new(Mutex::new(Collector::new(&plan.cases, now_s())));
        let (results, options) = (self.results(), self.options());
        let run = Run {
            known: self.known(&plan, &selected, &results, &options),
            budget: &self.budget(),
            sink: &Mutex::new(Recorder(Arc::clone(&self.told), Arc::clone(&collector))),
        };
        let verdicts: BTreeMap<String, Verdict> = run
            .run(&|case, _| lock(&called_back).push(plan.cases[case].id.clone()))
            .into_iter()
            .map(|(case, verdict)| (plan.cases[case].id.clone(), verdict))
            .collect();
        let mut told: Vec<String> = lock(&self.told)
            .iter()
            .filter_map(|event| match event {
                Event::CaseFinished { case, .. } => Some(case.clone()),
                _ => None,
            })
            .collect();
        let mut called_back = called_back.into_inner().unwrap();
        let mut ids: Vec<String> = plan.cases.iter().map(|case| case.id.clone()).collect();
        for list in [&mut told, &mut called_back, &mut ids] {
            list.sort();
        }
        assert_eq!(told, ids, "each case is told once");
        assert_eq!(called_back, ids);
        assert_eq!(verdicts.len(), ids.len());
        are_reported(lock(&collector).results());
        verdicts
    }
}

pub(super) fn passed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Passed { cached_at_s: None })
}

pub(super) fn cached(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Passed {
            cached_at_s: Some(_)
        }
    )
}

/// What is wrong in a case that failed.
#[track_caller]
pub(super) fn failed(verdict: &Verdict) -> &[Finding] {
    match verdict {
        Verdict::Failed(findings) => findings,
        other => panic!("{other:?}"),
    }
}

/// Why a case errored.
#[track_caller]
pub(super) fn errored(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Errored { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

/// Why a case was not run.
#[track_caller]
pub(super) fn not_run(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::NotRun { reason } => reason,
        other => panic!("{other:?}"),
    }
}
