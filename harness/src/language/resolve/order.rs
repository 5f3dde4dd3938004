//! Steps in an order that cannot work.

use std::collections::BTreeMap;

use super::scenario::Resolver;
use crate::language::report::Mistake;
use crate::language::yaml::Span;
use crate::model::{Action, Outcome, Step};

impl<'case> Resolver<'case> {
    /// Refuses steps that need a generation where there can be none, unless they are expected to fail, up to the first
    /// command of the scenario's own. Each step comes with its place in the list.
    pub(super) fn check_order(&mut self, steps: &[(usize, Step)]) {
        // Generations that each user, or the system, has at most.
        let mut generations: BTreeMap<Option<String>, u32> = BTreeMap::new();
        for (place, step) in steps {
            let succeeds = step.outcome == Outcome::Succeeds;
            match &step.action {
                // A command may switch, roll back and uninstall by itself.
                Action::Run { .. } => return,
                Action::Switch(switch) if succeeds && !switch.dry_run => {
                    *generations.entry(switch.target.user.clone()).or_default() += 1;
                }
                Action::Uninstall { target, .. } if succeeds => {
                    let had = generations.insert(target.user.clone(), 0).unwrap_or(0);
                    if had == 0 {
                        self.impossible(*place, "there is nothing to uninstall at this point");
                    }
                }
                Action::Rollback(target) if succeeds => {
                    match generations.get(&target.user).copied().unwrap_or(0) {
                        0 => self.impossible(*place, "there is no generation to roll back from"),
                        1 => self
                            .impossible(*place, "there is only one generation, and none before it"),
                        _ => {}
                    }
                }
                Action::Generation { target, number } if succeeds => {
                    let most = generations.get(&target.user).copied().unwrap_or(0);
                    if *number > most {
                        let message = format!("there is no generation {number} at this point");
                        self.impossible(*place, &message);
                    }
                }
                _ => {}
            }
        }
    }

    fn impossible(&mut self, place: usize, message: &str) {
        let hint = "put a `switch` before it (after an `uninstall`, one more), or say how it fails with `fails:`";
        self.mistake(self.root().key("steps").item(place), message, hint);
    }

    /// Reports a mistake about what a line of the scenario says.
    pub(super) fn mistake_in_line(&mut self, line: usize, message: String, hint: String) {
        self.mistake_in_line_of(Span::default(), line, message, hint);
    }

    /// The same of a line of the file that a place is in.
    pub(super) fn mistake_in_line_of(
        &mut self,
        place: Span,
        line: usize,
        message: String,
        hint: String,
    ) {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let source = self.report.source_of(place);
        let text = source.text.lines().nth(line.saturating_sub(1));
        let text = text.unwrap_or_default().trim_end();
        let indent = text.len() - text.trim_start_matches([' ', '-']).len();
        let span = Span {
            line: small(line),
            column: small(indent + 1),
            end_line: small(line),
            end_column: small(text.chars().count().max(indent + 1) + 1),
            ..place
        };
        self.report.add(Mistake::new(span, message).hint(hint));
    }
}
