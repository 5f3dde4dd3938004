//! Where the events of a run go: the terminal, and the reports, which get all there is to know also when the run is cut short.

use std::path::Path;
use std::sync::{Arc, Mutex};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};

use super::common::Error;
use super::reports::{Report, Reports};
use super::sink::terminal_or_plain;
use crate::model::Case;
use crate::plan::Plan;
use crate::report::results::{Collector, HostResult};
use crate::report::{Event, Sink, StateSeen};
use crate::run::{lock, now_s};

/// All sinks of a run. A clone shares them.
#[derive(Clone)]
pub struct Audience {
    sink: Arc<Mutex<Vec<Box<dyn Sink>>>>,
    collector: Arc<Mutex<Collector>>,
    reports: Arc<Mutex<Option<Reports>>>,
}

impl Audience {
    /// Opens the reports that are asked for, for a run of these cases. From now on a signal that ends this process ends
    /// the run, told in every report.
    pub fn open<'a>(
        wanted: &[Report],
        earlier: Option<&Path>,
        verbose: bool,
        cases: impl IntoIterator<Item = &'a Case>,
    ) -> Result<Self, Error> {
        let opened = Reports::open(wanted, earlier)?;
        Self::with(opened, vec![terminal_or_plain(verbose)], cases)
    }

    /// The same of a run that is not what was asked for: it goes to these sinks only, and to the reports that are named.
    pub fn beside<'a>(
        wanted: &[Report],
        sinks: Vec<Box<dyn Sink>>,
        cases: impl IntoIterator<Item = &'a Case>,
    ) -> Result<Self, Error> {
        let (mut reports, logs) = Reports::open(wanted, None)?;
        reports.only_asked();
        Self::with((reports, logs), sinks, cases)
    }

    fn with<'a>(
        (reports, logs): (Reports, Vec<Box<dyn Sink>>),
        mut sinks: Vec<Box<dyn Sink>>,
        cases: impl IntoIterator<Item = &'a Case>,
    ) -> Result<Self, Error> {
        let collector = Arc::new(Mutex::new(Collector::new(cases, now_s())));
        sinks.extend(logs);
        if reports.need_results() {
            sinks.push(Box::new(Shared(Arc::clone(&collector))));
        }
        let audience = Self {
            sink: Arc::new(Mutex::new(sinks)),
            collector,
            reports: Arc::new(Mutex::new(Some(reports))),
        };
        audience.listen()?;
        Ok(audience)
    }

    /// The sink of the run.
    pub fn sink(&self) -> &Mutex<Vec<Box<dyn Sink>>> {
        &self.sink
    }

    /// Tells what machines run on.
    pub fn on_host(&self, host: HostResult) {
        lock(&self.collector).on_host(host);
    }

    /// The run could not begin or go on: every case that has no verdict was not run, for this reason.
    pub fn cut_short(&self, reason: &str) -> Vec<String> {
        lock(&self.collector).cut_short(reason);
        self.finish()
    }

    /// Writes the reports, once. Returns a sentence for each that could not be written whole.
    pub fn finish(&self) -> Vec<String> {
        let Some(reports) = lock(&self.reports).take() else {
            return Vec::new();
        };
        let mut collector = lock(&self.collector);
        collector.cut_short("the run ended before its turn");
        reports.write(collector.results())
    }

    /// Waits for signals on a thread of its own.
    fn listen(&self) -> Result<(), Error> {
        let ignored = ignored_signals();
        let wanted = [SIGINT, SIGTERM, SIGQUIT, SIGHUP];
        // Signals that were ignored when we were started (nohup, a background job of a script) stay ignored.
        let wanted = wanted.iter().filter(|&&it| ignored >> (it - 1) & 1 == 0);
        let mut signals = Signals::new(wanted)?;
        let audience = self.clone();
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                audience.end_by(signal);
            }
        });
        Ok(())
    }

    /// Tells everyone, and ends this process as the signal would have.
    fn end_by(&self, signal: i32) {
        let reason = match signal {
            SIGINT => "interrupted (Ctrl-C)".to_owned(),
            other => format!("ended by {}", signal_name(other).unwrap_or("a signal")),
        };
        // Held to the end: nothing may be said after the last word.
        let mut sink = lock(&self.sink);
        sink.event(&Event::CutShort { reason });
        for lost in self.finish() {
            eprintln!("error: {lost}");
        }
        let _ = emulate_default_handler(signal);
        std::process::exit(128 + signal);
    }
}

/// The signals that this process was started to ignore, as bits from the first on; none where nobody tells.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or_default()
}

/// The collector, of which a share is kept to read it in the end.
struct Shared(Arc<Mutex<Collector>>);

impl Sink for Shared {
    fn event(&mut self, event: &Event) {
        lock(&self.0).event(event);
    }

    fn planned(&mut self, plan: &Plan, selected: &std::collections::BTreeSet<usize>) {
        lock(&self.0).planned(plan, selected);
    }

    fn saw(&mut self, seen: StateSeen<'_>) {
        lock(&self.0).saw(seen);
    }
}
