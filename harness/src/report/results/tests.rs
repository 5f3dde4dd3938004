//! The document of a run, from its events.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::change::sample;
use crate::judge::{Finding, FindingKind, Place, SnapshotFile, Verdict};
use crate::observe::Observation;
use crate::plan::{Plan, StateKey};
use crate::report::{Event, Sink, StateSeen};
use crate::run::test_case;
use crate::testing::{Folder, has};

/// Two cases that share their first step.
fn plan() -> Plan {
    let cases = vec![
        test_case("a", &["first", "x"]),
        test_case("b", &["first", "y"]),
        test_case("c", &["other"]),
    ];
    Plan::new(cases, |_| StateKey("base".into()))
}

fn observation(text: &str) -> Observation {
    let mut seen = sample::observation();
    let entries = &mut sample::alice(&mut seen).home.entries;
    entries.insert(".profile".into(), sample::file(text));
    seen.output.stdout = "said \u{1b}[1mso\u{1b}[0m\n".into();
    seen
}

struct Told {
    plan: Plan,
    collector: Collector,
}

impl Told {
    fn new() -> Self {
        let plan = plan();
        let mut collector = Collector::new(&plan.cases, 1);
        collector.planned(&plan, &BTreeSet::from([0, 1, 2]));
        collector.event(&Event::Started {
            cases: 3,
            laws: 0,
            steps: 4,
            sources: Vec::new(),
        });
        Self { plan, collector }
    }

    fn key(&self, case: usize, step: usize) -> StateKey {
        self.plan[self.plan.paths[case][step + 1]].key.clone()
    }

    fn begins(&mut self, case: usize, step: usize, machine: usize) {
        let state = self.key(case, step);
        self.collector.event(&Event::StepStarted {
            case: self.plan.cases[case].id.clone(),
            step: format!("run-{}", step + 1),
            shared_by: 1,
            machine,
            state,
        });
    }

    fn ends(&mut self, case: usize, step: usize, machine: usize) {
        let state = self.key(case, step);
        self.collector.event(&Event::StepFinished {
            case: self.plan.cases[case].id.clone(),
            step: format!("run-{}", step + 1),
            elapsed: Duration::from_secs(2),
            machine,
            state,
        });
    }

    fn sees(&mut self, case: usize, step: usize, text: &str) {
        let state = self.key(case, step);
        self.collector.saw(StateSeen {
            state: &state,
            observation: &observation(text),
            at_s: 7,
            took: Duration::from_secs(2),
        });
    }

    fn verdict(&mut self, case: usize, verdict: Verdict) {
        self.collector.event(&Event::CaseFinished {
            case: self.plan.cases[case].id.clone(),
            verdict,
            elapsed: Duration::from_secs(3),
            remarks: Vec::new(),
            is_law: false,
        });
    }
}

#[test]
fn states_that_cases_share_are_there_once() {
    let mut told = Told::new();
    told.sees(0, 0, "old");
    told.begins(0, 1, 1);
    told.ends(0, 1, 1);
    told.sees(0, 1, "new");
    told.verdict(0, Verdict::Passed { cached_at_s: None });
    let results = told.collector.results();
    let states = [0, 1].map(|case| results.cases[case].steps[0].state.as_deref().unwrap());
    assert_eq!(states[0], states[1]);
    let first = &results.states[states[0]];
    let second = &results.states[&told.key(0, 1).0];
    assert_eq!((first.shared_by, first.ran), (2, false));
    assert_eq!((second.shared_by, second.ran), (1, true));
    assert_eq!(second.parent.as_deref(), Some(states[0]));
    assert_eq!(first.change, None);
    let change = second.change.as_ref().unwrap();
    assert_eq!(change.since, states[0]);
    for line in ["-old", "+new"] {
        has(&change.text, line);
    }
    assert_eq!(second.output.as_ref().unwrap().stdout, "said so\n");
    let entry = &second.users["alice"].home[".profile"];
    assert_eq!(entry.mode.as_deref(), Some("0644"));
    let Some(ContentResult::Text(id)) = &entry.content else {
        panic!("{entry:?}");
    };
    assert_eq!(results.texts[id], "new");
    assert_eq!(results.texts.len(), 2);
    assert_eq!(results.spans[0].elapsed_s, Some(2.0));
}

#[test]
fn a_run_that_is_cut_short_tells_every_case() {
    let mut told = Told::new();
    told.verdict(1, Verdict::Passed { cached_at_s: None });
    told.begins(0, 0, 1);
    told.collector.event(&Event::StepOutput {
        case: "a".into(),
        step: "run-1".into(),
        line: "still there".into(),
    });
    told.collector.event(&Event::CutShort {
        reason: "interrupted (Ctrl-C)".into(),
    });
    // What other threads still say comes too late.
    told.verdict(0, Verdict::Passed { cached_at_s: None });
    let results = told.collector.results();
    let words: Vec<VerdictWord> = results.cases.iter().map(|case| case.verdict).collect();
    let (passed, not_run) = (VerdictWord::Passed, VerdictWord::NotRun);
    assert_eq!(words, [not_run, passed, not_run]);
    let reason = Some("interrupted (Ctrl-C)");
    assert_eq!(results.cases[2].reason.as_deref(), reason);
    assert_eq!(results.cases[1].reason, None);
    assert_eq!((results.counts.not_run, results.counts.passed), (2, 1));
    assert_eq!(results.run.cut_short.as_deref(), reason);
    let state = &results.states[&told.key(0, 0).0];
    assert_eq!(state.last_lines, ["still there"]);
    assert_eq!(results.spans[0].elapsed_s, None);
}

#[test]
fn findings_and_errors_say_how_to_look() {
    let mut told = Told::new();
    let snapshot = SnapshotFile {
        path: "s.snap".into(),
        pending: true,
    };
    let finding = Finding {
        step: "run-1".into(),
        file: "x.yaml".into(),
        line: 3,
        message: "no".into(),
        detail: "\u{7}".into(),
        kind: FindingKind::ChangedSnapshot {
            snapshot,
            change: Some("files\n  ~ .x\n".into()),
        },
    };
    told.verdict(0, Verdict::Failed(vec![finding]));
    let during = Place {
        file: "x.yaml".into(),
        step: "run-2".into(),
    };
    let errored = Verdict::Errored {
        message: "gone".into(),
        hint: None,
        during: Some(during),
    };
    told.verdict(1, errored);
    let results = told.collector.results();
    let (failed, errored) = (&results.cases[0], &results.cases[1]);
    let shell = "switchproof shell a x.yaml --at run-1";
    assert_eq!(failed.commands.shell, shell);
    assert!(failed.commands.accept.is_some());
    assert_eq!(failed.findings[0].detail, "\\x07");
    assert_eq!(failed.stopped_at(), Some("run-1"));
    assert_eq!(errored.stopped_at(), Some("run-2"));
    let shell = "switchproof shell b x.yaml --at run-2 --before";
    assert_eq!(errored.commands.shell, shell);
    assert_eq!(errored.commands.accept, None);
}

#[test]
fn the_document_keeps_to_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut told = Told::new();
    told.sees(0, 0, "old");
    let cached_at_s = Some(1);
    told.verdict(0, Verdict::Passed { cached_at_s });
    let samples = [super::sample::sample(40), super::sample::hostile()];
    for results in samples.iter().chain([told.collector.results()]) {
        let value: serde_json::Value = serde_json::from_str(&results.to_json()).unwrap();
        let wrong = validator.iter_errors(&value).map(|error| error.to_string());
        assert_eq!(Vec::from_iter(wrong), [""; 0]);
        let read: Results = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(read, *results);
        let mut other = value;
        other["cases"][0]["verdict"] = "great".into();
        assert!(!validator.is_valid(&other));
    }
}

#[test]
fn another_format_is_refused_by_its_number() {
    for (text, wanted) in [
        ("{\"format\": 99}", "in format 99"),
        ("{}", "names no format"),
        ("[", "is no results.json"),
    ] {
        let folder = Folder::with(&[("results.json", text)]);
        let error = Results::read(folder.path()).unwrap_err();
        has(error.to_string(), wanted);
    }
}
