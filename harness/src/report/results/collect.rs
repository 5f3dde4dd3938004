//! Makes the document of a run from its events.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use super::ancestors::Ancestors;
use super::convert::{Room, Texts, output, user};
use super::document::{
    Axis, CaseResult, Commands, ErrorResult, FindingResult, FindingWord, HostResult, Results,
    SourceResult, Span, StepResult, VerdictWord,
};
use super::limits::{by_the_guest, inputs, not_tested, replaced};
use super::seen::StateResult;
use crate::judge::{Finding, FindingKind, Verdict};
use crate::model::{Action, Case, ChannelOverlay};
use crate::plan::{Plan, StateKey, Work};
use crate::report::event::{Event, Sink, StateSeen};
use crate::report::words::{accept_command, run_command, shell_command};
use crate::text::{printable, word};

/// Lines of a step that are kept while it runs, for the case that it never ends.
const LAST_LINES: usize = 200;

/// Listens to a run and makes its document.
pub struct Collector {
    began: Instant,
    results: Results,
    /// Each case's place in the document.
    places: HashMap<String, usize>,
    /// What running steps printed, by case and step.
    lines: HashMap<(String, String), VecDeque<String>>,
    /// States that a machine reached in this run.
    reached: BTreeSet<String>,
    room: Room,
    ancestors: Ancestors,
    is_over: bool,
}

impl Collector {
    /// A collector for a run of these cases, which begins now. A case of which no event comes was not run.
    #[must_use]
    pub fn new<'a>(cases: impl IntoIterator<Item = &'a Case>, began_unix_s: u64) -> Self {
        let mut results = Results::new(began_unix_s);
        results.cases = cases.into_iter().map(not_run).collect();
        let places = results.cases.iter().enumerate();
        Self {
            began: Instant::now(),
            places: places.map(|(at, case)| (case.id.clone(), at)).collect(),
            results,
            lines: HashMap::new(),
            reached: BTreeSet::new(),
            room: Room::default(),
            ancestors: Ancestors::default(),
            is_over: false,
        }
    }

    /// Notes what machines run on.
    pub fn on_host(&mut self, host: HostResult) {
        self.results.run.host = Some(host);
    }

    /// Ends a run that did not come to its end: what has no verdict was not run, for this reason.
    pub fn cut_short(&mut self, reason: &str) {
        if self.is_over {
            return;
        }
        self.results.run.cut_short = Some(reason.to_owned());
        self.end(self.began.elapsed().as_secs_f64(), reason);
    }

    /// The document as it is now.
    #[must_use]
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Ends the document; what has no verdict was not run, for this reason.
    fn end(&mut self, elapsed_s: f64, reason: &str) {
        self.is_over = true;
        self.results.run.elapsed_s = elapsed_s;
        for case in &mut self.results.cases {
            if case.verdict == VerdictWord::NotRun && case.reason.is_none() {
                case.reason = Some(reason.to_owned());
            }
        }
        for ((case, step), lines) in std::mem::take(&mut self.lines) {
            self.never_ended(&case, &step, lines);
        }
        self.results.recount();
    }

    /// Keeps the last lines of a step of which nothing else is known.
    fn never_ended(&mut self, case: &str, step: &str, lines: VecDeque<String>) {
        let Some(state) = self.state_of(case, step) else {
            return;
        };
        if let Some(state) = self.results.states.get_mut(&state)
            && state.output.is_none()
        {
            state.last_lines = lines.into();
        }
    }

    fn state_of(&self, case: &str, step: &str) -> Option<String> {
        let case = &self.results.cases[*self.places.get(case)?];
        case.step(step)?.state.clone()
    }

    fn started(&mut self, case: &str, step: &str, machine: usize, state: &StateKey) {
        self.reached.insert(state.0.clone());
        self.results.spans.push(Span {
            machine,
            case: case.to_owned(),
            step: step.to_owned(),
            state: state.0.clone(),
            began_s: self.began.elapsed().as_secs_f64(),
            elapsed_s: None,
        });
    }

    fn printed(&mut self, case: &str, step: &str, line: &str) {
        let lines = self
            .lines
            .entry((case.to_owned(), step.to_owned()))
            .or_default();
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(printable(line));
    }
}

impl Sink for Collector {
    fn event(&mut self, event: &Event) {
        if self.is_over {
            return;
        }
        match event {
            Event::Started { .. } => self.began = Instant::now(),
            Event::StepStarted {
                case,
                step,
                machine,
                state,
                ..
            } => self.started(case, step, *machine, state),
            Event::StepOutput { case, step, line } => self.printed(case, step, line),
            Event::StepFinished {
                machine,
                state,
                elapsed,
                ..
            } => {
                let mut spans = self.results.spans.iter_mut().rev();
                let span = spans.find(|it| it.machine == *machine && it.state == state.0);
                if let Some(span) = span {
                    span.elapsed_s = Some(elapsed.as_secs_f64());
                }
            }
            Event::CaseFinished {
                case,
                verdict,
                elapsed,
                ..
            } => {
                if let Some(&at) = self.places.get(case) {
                    let entry = &mut self.results.cases[at];
                    entry.elapsed_s = elapsed.as_secs_f64();
                    judged(entry, verdict);
                }
            }
            Event::Finished { elapsed } => {
                self.end(elapsed.as_secs_f64(), "the run ended before its turn");
            }
            Event::Preparing { .. } | Event::Waiting { .. } | Event::WaitOver { .. } => {}
            Event::SnapshotWritten { path, .. } => {
                let path = path.to_string_lossy().into_owned();
                self.results.snapshots_written.push(path);
            }
            Event::CutShort { reason } => self.cut_short(reason),
        }
    }

    fn planned(&mut self, plan: &Plan, selected: &BTreeSet<usize>) {
        for &index in selected {
            let Some(&at) = self.places.get(&plan.cases[index].id) else {
                continue;
            };
            let path = &plan.paths[index];
            for (number, &id) in path.iter().enumerate() {
                let node = &plan[id];
                let parent = node.parent.map(|parent| plan[parent].key.0.as_str());
                let evaluates =
                    matches!(&node.work, Work::Step(Action::Switch(_) | Action::Build(_)));
                self.ancestors.expect(&node.key.0, parent, evaluates);
                if let Some(number) = number.checked_sub(1) {
                    self.results.cases[at].steps[number].state = Some(node.key.0.clone());
                }
                let state = self
                    .results
                    .states
                    .entry(node.key.0.clone())
                    .or_insert_with(|| StateResult {
                        step: node.name.clone(),
                        parent: parent.map(str::to_owned),
                        ..StateResult::default()
                    });
                state.shared_by += 1;
            }
        }
    }

    fn saw(&mut self, seen: StateSeen<'_>) {
        let key = &seen.state.0;
        let guests = by_the_guest(seen.observation);
        if !self.is_over && (guests.is_some() || !seen.observation.replaced.is_empty()) {
            let is_passed = |case: &&mut CaseResult| {
                let mut states = case.steps.iter().filter_map(|it| it.state.as_ref());
                states.any(|state| state == key)
            };
            for case in self.results.cases.iter_mut().filter(is_passed) {
                replaced(&mut case.not_tested, &seen.observation.replaced);
                let is_new = |told: &&String| !case.not_tested.contains(told);
                case.not_tested
                    .extend(guests.as_ref().filter(is_new).cloned());
            }
        }
        let ran = self.reached.contains(key);
        let Some(state) = self.results.states.get_mut(key) else {
            return;
        };
        // Told once for each case that passes it; what a machine reached now replaces what was known before.
        if self.is_over || state.output.is_some() && state.ran == ran {
            return;
        }
        let change = self.ancestors.change(key, seen.observation);
        let mut texts = Texts {
            all: &mut self.results.texts,
            room: &mut self.room,
        };
        let users = &seen.observation.users;
        *state = StateResult {
            ran,
            at_unix_s: Some(seen.at_s),
            took_s: Some(seen.took.as_secs_f64()),
            output: Some(output(&seen.observation.output)),
            last_lines: Vec::new(),
            change,
            warnings: seen
                .observation
                .warnings
                .iter()
                .map(|warning| printable(warning))
                .collect(),
            users: users
                .iter()
                .map(|(name, it)| (name.clone(), user(it, &mut texts)))
                .collect(),
            ..std::mem::take(state)
        };
    }
}

/// A case of which nothing is known yet.
fn not_run(case: &Case) -> CaseResult {
    let file = case.file.to_string_lossy().into_owned();
    let steps = case.steps.iter().map(|step| StepResult {
        name: step.name.clone(),
        line: step.line,
        action: word(&step.action),
        state: None,
        inputs: inputs(&step.action),
    });
    let last = case.steps.last().map_or("", |step| step.name.as_str());
    CaseResult {
        id: case.id.clone(),
        scenario: case.scenario.clone(),
        description: case.description.clone(),
        axes: case.axes.iter().cloned().map(Axis::from).collect(),
        network: word(&case.guest.network),
        sources: case.guest.channels.iter().flat_map(sources).collect(),
        only_built: case.is_only_built(),
        law: case.trial.as_ref().map(|trial| word(&trial.law)),
        laws_off: case
            .laws
            .off
            .iter()
            .filter(|_| case.trial.is_none())
            .map(|(law, because)| (word(law), printable(because)))
            .collect(),
        not_tested: not_tested(case),
        verdict: VerdictWord::NotRun,
        cached_unix_s: None,
        elapsed_s: 0.0,
        findings: Vec::new(),
        error: None,
        reason: None,
        steps: steps.collect(),
        commands: Commands {
            shell: shell_command(&case.id, &case.file, last, false),
            run: run_command(&case.id, &case.file),
            accept: None,
        },
        file,
    }
}

fn sources(channel: &ChannelOverlay) -> Vec<SourceResult> {
    let sources = channel.sources.iter().map(|source| {
        let (revision, changed) = source.revision.clone().unzip();
        SourceResult {
            channel: channel.shown_name().to_owned(),
            project: source.project.to_owned(),
            folder: source.folder.display().to_string(),
            release: source.release.clone(),
            revision,
            changed: changed.unwrap_or_default(),
        }
    });
    sources.collect()
}

/// Enters a verdict.
fn judged(case: &mut CaseResult, verdict: &Verdict) {
    let file = std::path::PathBuf::from(&case.file);
    case.verdict = verdict.into();
    match verdict {
        Verdict::Passed { cached_at_s } => case.cached_unix_s = *cached_at_s,
        Verdict::Failed(findings) => {
            case.findings = findings.iter().map(finding).collect();
            if let Some(first) = findings.first() {
                case.commands.shell = shell_command(&case.id, &first.file, &first.step, false);
            }
            if findings.iter().any(|it| it.kind.snapshot().is_some()) {
                case.commands.accept = Some(accept_command(&case.id, &file));
            }
        }
        Verdict::Errored {
            message,
            hint,
            during,
        } => {
            case.error = Some(ErrorResult {
                message: printable(message),
                hint: hint.as_deref().map(printable),
                during: during.as_ref().map(|place| place.step.clone()),
            });
            if let Some(place) = during {
                case.commands.shell = shell_command(&case.id, &place.file, &place.step, true);
            }
        }
        Verdict::NotRun { reason } => case.reason = Some(printable(reason)),
    }
}

fn finding(finding: &Finding) -> FindingResult {
    FindingResult {
        step: finding.step.clone(),
        file: finding.file.to_string_lossy().into_owned(),
        line: finding.line,
        message: printable(&finding.message),
        detail: printable(&finding.detail),
        change: finding.kind.change().map(printable),
        kind: match finding.kind {
            FindingKind::Unmet => FindingWord::Unmet,
            FindingKind::NewSnapshot { .. } => FindingWord::NewSnapshot,
            FindingKind::ChangedSnapshot { .. } => FindingWord::ChangedSnapshot,
        },
        snapshot: finding
            .kind
            .snapshot()
            .map(|it| it.path.to_string_lossy().into_owned()),
    }
}
