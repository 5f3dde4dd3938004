//! Steps.

use std::collections::{BTreeMap, BTreeSet};

use switchproof_vm::process::quote;

use super::place::At;
use super::scenario::{Base, Resolver};
use crate::flake::names::{bad_scenario_name, seconds};
use crate::language::raw::{RawBuild, RawRun, RawScenario, RawStep, RawSwitch};
use crate::language::words::list_words;
use crate::language::yaml::Kind;
use crate::model::{Action, HOME_PLACE, Install, Outcome, Part, Session, Step, Target};

/// How long a step may take that says nothing of it, in seconds: an evaluation of the whole package set under
/// emulation takes minutes.
const DEADLINE_S: u32 = 600;
/// The same where things may be fetched.
const NETWORK_DEADLINE_S: u32 = 3600;

impl<'case> Resolver<'case> {
    /// All steps, each as far as it can be understood.
    pub(super) fn steps(&mut self, raw: &RawScenario) -> Vec<Step> {
        if raw.steps.is_empty() {
            let hint = "add a step, most often `- switch`";
            self.mistake(self.root().key("steps"), "the scenario does nothing", hint);
        }
        let mut names = BTreeSet::new();
        let mut words: BTreeMap<&'static str, u32> = BTreeMap::new();
        let mut steps = Vec::new();
        for (place, step) in raw.steps.iter().enumerate() {
            let at = self.root().key("steps").item(place);
            let Some(word) = self.one_action(step, at) else {
                continue;
            };
            let repeat = words.entry(word).or_default();
            *repeat += 1;
            let name = match (&step.name, *repeat) {
                (Some(name), _) => name.clone(),
                (None, 1) => word.to_owned(),
                (None, repeat) => format!("{word}-{repeat}"),
            };
            self.step_name(step, &name, &mut names, at);
            let Some(action) = self.action(step, word, at) else {
                continue;
            };
            if let Action::Switch(switch) | Action::Build(switch) = &action {
                self.in_machine = Some(switch.flake.reference(switch.place()));
            }
            let outcome = self.outcome(step, at);
            let expect = self.expectations(step, action.user(), at);
            let snapshot = step
                .snapshot
                .unwrap_or_else(|| changes_a_home(&action) && raw.snapshot.unwrap_or(true));
            let step = Step {
                name,
                action,
                outcome,
                expect,
                snapshot,
                deadline_s: self.deadline(step, at),
                part: Part::Own,
                line: at.line(),
            };
            steps.push((place, step));
        }
        let is_switched_to = self.base.install() != Install::DarwinModule;
        if is_switched_to {
            self.check_order(&steps);
        }
        let steps = steps.into_iter().map(|(_, step)| step).collect();
        if is_switched_to {
            steps
        } else {
            only_built(steps)
        }
    }

    /// The word of the step's one action.
    fn one_action(&mut self, step: &RawStep, at: At<'case>) -> Option<&'static str> {
        let given: Vec<&'static str> = actions(step)
            .into_iter()
            .filter_map(|(word, given)| given.then_some(word))
            .collect();
        match given.as_slice() {
            [word] => Some(word),
            [] => {
                if !Self::has_refused_keys(at) {
                    let all = list_words(actions(step).map(|(word, _)| word));
                    self.mistake(at, "the step does nothing", format!("add an action: {all}"));
                }
                None
            }
            [_, second, ..] => {
                let both = list_words(given.iter().copied()).replace(" or ", " and ");
                let hint = "give each action a step of its own";
                self.key_mistake(
                    at.key(second),
                    format!("the step has several actions: {both}"),
                    hint,
                );
                None
            }
        }
    }

    fn step_name(
        &mut self,
        step: &RawStep,
        name: &str,
        names: &mut BTreeSet<String>,
        at: At<'case>,
    ) {
        let place = if step.name.is_some() {
            at.key("name")
        } else {
            at
        };
        if let Some((message, hint)) = bad_scenario_name(name) {
            self.mistake(place, message, hint);
        }
        self.once(names, name, place);
    }

    fn action(&mut self, step: &RawStep, word: &str, at: At<'case>) -> Option<Action> {
        let at = at.key(word);
        if let Some(raw) = &step.switch {
            return self.activation(step, raw, at);
        }
        if let Some(raw) = &step.build {
            return self.switch(step, raw, at).map(Action::Build);
        }
        if let Some(raw) = &step.rollback {
            return Some(Action::Rollback(self.target(raw.user.as_deref(), at)));
        }
        if let Some(raw) = &step.generation {
            return Some(Action::Generation {
                target: self.target(raw.user.as_deref(), at),
                number: raw.number,
            });
        }
        if let Some(raw) = &step.uninstall {
            let env = raw.env.clone().unwrap_or_default();
            for name in env.keys() {
                self.variable_name(name, at.key("env").key(name));
            }
            return Some(Action::Uninstall {
                target: self.target(raw.user.as_deref(), at),
                env,
            });
        }
        if let Some(raw) = &step.relogin {
            let user = self.any_user(raw.user.as_deref(), at.key("user"));
            return Some(Action::Relogin { user });
        }
        if step.reboot.is_some() {
            return Some(Action::Reboot);
        }
        if let Some(raw) = &step.run {
            return Some(self.run(raw, at));
        }
        if let Some(raw) = &step.seed {
            return Some(self.seed(raw, at));
        }
        if let Some(raw) = &step.edit {
            return self.edit(raw, at);
        }
        let raw = step.collect_garbage.as_ref()?;
        let user = self.user_or_root(raw.user.as_deref(), at.key("user"));
        Some(Action::CollectGarbage { user })
    }

    /// A switch; of a nix-darwin system, which Linux cannot switch to, a build.
    fn activation(&mut self, step: &RawStep, raw: &RawSwitch, at: At<'case>) -> Option<Action> {
        self.extension(raw.backup.as_deref(), at.key("backup"));
        let mut switch = self.switch(step, &raw.what, at)?;
        if raw.backup.is_some() {
            switch.backup_extension.clone_from(&raw.backup);
        }
        switch.dry_run = raw.dry_run.unwrap_or(false);
        if let Some(name) = &raw.specialisation {
            let is_fine = !name.is_empty() && !name.starts_with('-') && !name.contains('/');
            if !is_fine || switch.target.install == Install::DarwinModule {
                let message = format!(
                    "{} cannot be a specialisation here",
                    crate::text::quoted(name)
                );
                let hint =
                    "name one of a home or of a NixOS system, as under `specialisation.NAME`";
                self.mistake(at.key("specialisation"), message, hint);
            }
            switch
                .options
                .extend(["--specialisation".to_owned(), name.clone()]);
        }
        Some(match switch.target.install {
            Install::DarwinModule => Action::Build(switch),
            Install::Standalone | Install::NixosModule => Action::Switch(switch),
        })
    }

    fn target(&mut self, named: Option<&str>, at: At<'case>) -> Target {
        let install = self.base.install();
        let homes: Vec<String> = self.base.homes().into_iter().map(str::to_owned).collect();
        let user = match install {
            Install::Standalone => Some(self.user_of(named, &homes, at.key("user"))),
            Install::NixosModule | Install::DarwinModule => None,
        };
        let base = self.base.clone();
        let replaced = self.override_inputs(&RawBuild::default(), &base, at);
        let command = self.command_of(&base, &replaced);
        Target {
            install,
            user,
            command,
        }
    }

    /// A named user, or `None` for a root who is no user of the scenario.
    fn user_or_root(&mut self, named: Option<&str>, at: At<'case>) -> Option<String> {
        let named = named.filter(|name| *name != "root" || self.users.contains_key("root"))?;
        Some(self.any_user(Some(named), at))
    }

    fn run(&mut self, raw: &RawRun, at: At<'case>) -> Action {
        let user_at = at.key("user");
        let user = match &raw.user {
            Some(_) => self.user_or_root(raw.user.as_deref(), user_at),
            None => Some(self.any_user(None, user_at)),
        };
        if raw.command.trim().is_empty() {
            self.mistake(
                at.key("command"),
                "the command is empty",
                "write one, or remove the step",
            );
        }
        let session = raw.session.unwrap_or(Session::Login);
        if user.is_none() && session != Session::Login && raw.session.is_some() {
            let hint = "remove `session`: root has no session of its own here";
            self.mistake(at.key("session"), "root has no kinds of session", hint);
        }
        let mut command = String::new();
        for (name, value) in raw.env.iter().flatten() {
            self.variable_name(name, at.key("env").key(name));
            command += &format!("export {name}={}\n", quote(value));
        }
        command += &self.with_flake(&raw.command);
        Action::Run {
            command,
            user,
            session,
        }
    }

    /// A command that knows the place of the flake in the machine, where it names it.
    pub(super) fn with_flake(&mut self, command: &str) -> String {
        let is_named = ["$FLAKE", "${FLAKE"].iter().any(|it| command.contains(it));
        if !is_named {
            return command.to_owned();
        }
        let place = match &self.base {
            Base::Setup(setup) if !setup.is_flake => HOME_PLACE,
            base => base.install().flake_place(),
        };
        let flake = self.in_machine.as_deref().unwrap_or(place);
        format!("export FLAKE={}\n{command}", quote(flake))
    }

    fn outcome(&mut self, step: &RawStep, at: At<'case>) -> Outcome {
        let Some(says) = &step.fails else {
            return Outcome::Succeeds;
        };
        for (index, text) in says.iter().enumerate() {
            let message = match text.as_str() {
                "" => "an empty text is in every output".to_owned(),
                "true" | "false" => format!("`{text}` is looked for in what the failure says"),
                _ => continue,
            };
            let hint = "write a piece of what the failure says; `fails: []` takes any failure, without `fails` it must succeed";
            self.mistake(at.key("fails").item(index), message, hint);
        }
        Outcome::Fails { says: says.clone() }
    }

    fn deadline(&mut self, step: &RawStep, at: At<'case>) -> u32 {
        let otherwise = if self.guest.network.is_on() {
            NETWORK_DEADLINE_S
        } else {
            DEADLINE_S
        };
        let Some(text) = &step.deadline else {
            return otherwise;
        };
        seconds(text).unwrap_or_else(|| {
            let message = format!("{} is no length of time", crate::text::quoted(text));
            let hint = "write `90s`, `10m` or `1h`; a day is the most";
            self.mistake(at.key("deadline"), message, hint);
            otherwise
        })
    }

    /// Whether keys of a step were refused already, so that it only looks empty.
    fn has_refused_keys(at: At<'case>) -> bool {
        let Some(step) = at.written() else {
            return true;
        };
        let none = RawStep::default();
        let details = ["name", "expect", "fails", "snapshot", "deadline"];
        match &step.kind {
            Kind::Map(entries) => entries.iter().any(|entry| {
                !details.contains(&&*entry.key)
                    || actions(&none).iter().any(|(word, _)| *word == &*entry.key)
            }),
            _ => !step.is_null(),
        }
    }
}

/// The steps of a case that is evaluated and built only, as Linux cannot switch to nix-darwin: without those that
/// need a generation, and without what is expected of a home.
fn only_built(steps: Vec<Step>) -> Vec<Step> {
    let mut steps = steps;
    steps.retain(|step| {
        !matches!(
            step.action,
            Action::Rollback(_) | Action::Generation { .. } | Action::Uninstall { .. }
        )
    });
    for step in &mut steps {
        step.snapshot = false;
        step.expect.retain(|one| one.check.is_printed());
    }
    steps
}

/// The actions' words, and whether the step has them.
fn actions(step: &RawStep) -> [(&'static str, bool); 11] {
    [
        ("switch", step.switch.is_some()),
        ("build", step.build.is_some()),
        ("rollback", step.rollback.is_some()),
        ("generation", step.generation.is_some()),
        ("relogin", step.relogin.is_some()),
        ("reboot", step.reboot.is_some()),
        ("run", step.run.is_some()),
        ("seed", step.seed.is_some()),
        ("edit", step.edit.is_some()),
        ("uninstall", step.uninstall.is_some()),
        ("collect-garbage", step.collect_garbage.is_some()),
    ]
}

/// Whether an action may change what a snapshot shows.
fn changes_a_home(action: &Action) -> bool {
    matches!(
        action,
        Action::Switch(_)
            | Action::Rollback(_)
            | Action::Generation { .. }
            | Action::Uninstall { .. }
    )
}
