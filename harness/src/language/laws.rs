//! Which laws a scenario has tried, and what the project says of that for all of them.

use std::collections::BTreeMap;

use super::conform::Conform;
use super::diagnostic::Diagnostic;
use super::raw::{RawLaw, RawLaws};
use super::report::{Mistake, Report};
use super::shape::{SCENARIO, Shape};
use super::source::Source;
use super::value::to_value;
use super::yaml::{self, Node};
use crate::model::{Law, Laws};
use crate::text::word;

/// Why laws are off where only some are asked for.
const NOT_ASKED: &str = "not asked for";

impl RawLaws {
    /// These laws, or what the project says where they say nothing.
    ///
    /// # Errors
    /// The key that is wrong, what about it, and a way out.
    pub(super) fn over(&self, usual: &Laws) -> Result<Laws, (String, String, String)> {
        let mut laws = match &self.only {
            Some(words) => only(words)?,
            None => usual.clone(),
        };
        let because = self.because.as_deref().map(str::trim);
        if because == Some("") {
            let hint = "say why laws are off, or remove the key";
            return Err(("because".into(), "the reason is empty".into(), hint.into()));
        }
        if let (Some(because), Some(_)) = (because, &self.only) {
            laws.off
                .values_mut()
                .for_each(|it| *it = because.to_owned());
        }
        for (law, is_on) in self.named() {
            match (is_on, because) {
                (true, _) => {
                    laws.on.insert(law);
                    laws.off.remove(&law);
                }
                (false, Some(because)) => {
                    laws.on.remove(&law);
                    laws.off.insert(law, because.to_owned());
                }
                (false, None) => {
                    let law = word(&law);
                    let message = format!("`{law}` is off without a reason");
                    let hint = "add `because: \"…\"`, which reports show";
                    return Err((law, message, hint.into()));
                }
            }
        }
        let is_any_off = match self.only {
            Some(_) => !laws.off.is_empty(),
            None => self.named().any(|(_, is_on)| !is_on),
        };
        if because.is_some() && !is_any_off {
            let message = "a reason is given, and no law is off".to_owned();
            let hint = "name the law that it is about: `idempotent: false`";
            return Err(("because".into(), message, hint.into()));
        }
        Ok(laws)
    }

    /// The laws that are switched on or off by name.
    fn named(&self) -> impl Iterator<Item = (Law, bool)> {
        let named = |law: Law| match law {
            Law::Complete => self.complete,
            Law::Survives => self.survives,
            Law::Idempotent => self.idempotent,
            Law::Reversible => self.reversible,
            Law::Clean => self.clean,
            Law::Reboots => self.reboots,
            Law::Equal => self.equal,
        };
        let all = Law::ALL.map(|law| Some((law, named(law)?)));
        all.into_iter().flatten()
    }
}

fn only(words: &[RawLaw]) -> Result<Laws, (String, String, String)> {
    let laws = |on: Vec<Law>| Laws {
        off: Law::ALL
            .into_iter()
            .filter(|law| !on.contains(law))
            .map(|law| (law, NOT_ASKED.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        on: on.into_iter().collect(),
    };
    // `all` and `none` are no laws.
    let law = |raw: &RawLaw| Law::ALL.into_iter().find(|law| word(law) == word(raw));
    match words {
        [RawLaw::All] => Ok(laws(Law::ALL.into())),
        [RawLaw::None] | [] => Ok(laws(Vec::new())),
        some => match some.iter().map(law).collect::<Option<Vec<Law>>>() {
            Some(on) => Ok(laws(on)),
            None => Err((
                "only".into(),
                "`all` and `none` stand alone".into(),
                "write `laws: all`, `laws: none`, or a list of laws".into(),
            )),
        },
    }
}

/// The laws of a project whose scenarios say nothing of them: what its file says, or else the usual ones.
///
/// # Errors
/// All that is wrong with the file's `laws`.
pub(super) fn of_project(source: Source) -> Result<Laws, Vec<Diagnostic>> {
    let mut report = Report::new(source);
    let laws = yaml::parse(&mut report)
        .as_ref()
        .and_then(|root| root.get("laws"))
        .and_then(|node| read(node, &mut report));
    match report.has_errors() {
        true => Err(report.finish()),
        false => Ok(laws.unwrap_or_default()),
    }
}

fn read(node: &Node, report: &mut Report) -> Option<Laws> {
    let Shape::Struct(scenario) = &**SCENARIO else {
        return None;
    };
    let shape = &scenario.fields.get("laws")?.shape;
    let checked = Conform::new(report, false).check(node, shape, "`laws`")?;
    let raw: RawLaws = serde_yaml::from_value(to_value(&checked)).ok()?;
    match raw.over(&Laws::default()) {
        Ok(laws) => Some(laws),
        Err((key, message, hint)) => {
            let place = node.get(&key).unwrap_or(node).span;
            report.add(Mistake::new(place, message).hint(hint));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::all_come_to;

    fn project(text: &str) -> Result<Laws, String> {
        of_project(Source::new("switchproof.yaml", text)).map_err(|found| {
            let told = found
                .iter()
                .map(|it| format!("{}: {}", it.line, it.message));
            told.collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn a_project_says_which_laws_are_tried() {
        assert_eq!(project("channels: {}\n").unwrap(), Laws::default());
        assert!(project("laws: none\n").unwrap().on.is_empty());
        let some = project("laws: [idempotent, clean]\n").unwrap();
        assert_eq!(some.on, [Law::Idempotent, Law::Clean].into());
        assert_eq!(some.off[&Law::Survives], NOT_ASKED);
        let off =
            project("laws:\n  idempotent: false\n  clean: true\n  because: It keeps a diary.\n");
        let off = off.unwrap();
        assert_eq!(off.off[&Law::Idempotent], "It keeps a diary.");
        assert_eq!(off.on.len(), Law::ALL.len() - 3);
    }

    #[test]
    fn mistakes_in_it_are_told_with_their_place() {
        let table = r"
            laws: { clean: false } => 1: `clean` is off without a reason
            laws: [all, clean] => 1: `all` and `none` stand alone
            \nlaws: most => 2: an item of `laws` cannot be `most`
            laws: { because: So. } => 1: a reason is given, and no law is off
        ";
        all_come_to(|text| project(text).unwrap_err(), table);
    }
}
