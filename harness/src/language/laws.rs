//! Which laws a scenario has tried, and what the project says of that for all of them.

use std::collections::BTreeMap;

use super::raw::{RawLaw, RawLaws};
use super::report::{Mistake, Report};
use super::yaml::Node;
use crate::model::{Law, Laws};
use crate::text::word;

/// Why laws are off where only some are asked for.
pub(super) const NOT_ASKED: &str = "not asked for";

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

/// The laws of a project's scenarios that say nothing of them, from what stands in its file. What is wrong is reported.
pub(super) fn of_project(raw: &RawLaws, at: &Node, report: &mut Report) -> Laws {
    raw.over(&Laws::default())
        .unwrap_or_else(|(key, message, hint)| {
            let place = at.get(&key).unwrap_or(at).span;
            report.add(Mistake::new(place, message).hint(hint));
            Laws::default()
        })
}
