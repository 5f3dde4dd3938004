//! Expectations.

use std::collections::BTreeMap;

use super::place::At;
use super::scenario::Resolver;
use crate::flake::names::seconds;
use crate::language::raw::{
    RawCommand, RawExpect, RawFileExpect, RawGenerationFiles, RawOutputMatch, RawPackage,
    RawPieces, RawPresence, RawStep, RawVariable,
};
use crate::model::{
    Check, DataFormat, Expectation, FileProperty, FileState, PackageState, Session, TextMatch,
};
use crate::text::quoted;

/// Longest time that something may take to become true, in seconds.
const MAX_WITHIN_S: u32 = 600;

impl<'case> Resolver<'case> {
    /// What a step expects, in the order of the vocabulary, then of names.
    pub(super) fn expectations(
        &mut self,
        step: &RawStep,
        user: Option<&str>,
        at: At<'case>,
    ) -> Vec<Expectation> {
        let Some(entries) = &step.expect else {
            return Vec::new();
        };
        let at = at.key("expect");
        if entries.is_empty() {
            self.mistake(
                at,
                "the expectation is empty, so it asserts nothing",
                "say what must be true, or remove it",
            );
        }
        let mut out = Vec::new();
        for (index, raw) in entries.iter().enumerate() {
            let at = at.item(index);
            let before = out.len();
            let who = self.expected_user(raw, user, at);
            self.entry(raw, who.as_deref(), at, &mut out);
            // Where something of it was refused, it only looks empty.
            if out.len() == before && at.is_whole() {
                let hint = "say what must be true, or remove it";
                self.mistake(at, "the expectation is empty, so it asserts nothing", hint);
            }
        }
        self.contradictions(&out);
        self.errors_of_a_success(step, &out);
        out
    }

    /// Whom an entry is about. Only what is about a home needs an answer.
    fn expected_user(
        &mut self,
        raw: &RawExpect,
        user: Option<&str>,
        at: At<'case>,
    ) -> Option<String> {
        let users = self.all_users();
        if let Some(named) = &raw.user {
            self.known_user(named, &users, at.key("user"));
            return Some(named.clone());
        }
        let is_about_home = raw.packages.is_some()
            || raw.files.is_some()
            || raw.generation.is_some()
            || raw.environment.is_some()
            || raw.commands.is_some()
            || raw.units.is_some()
            || raw.generations.is_some()
            || raw.no_leftovers.is_some();
        match user {
            Some(user) => Some(user.to_owned()),
            None if is_about_home => Some(self.user_of(None, &users, at)),
            None => None,
        }
    }

    fn entry(
        &mut self,
        raw: &RawExpect,
        user: Option<&str>,
        at: At<'case>,
        out: &mut Vec<Expectation>,
    ) {
        let mut checks = Vec::new();
        self.programs_and_paths(raw, at, &mut checks);
        self.sessions(raw, at, &mut checks);
        self.printed(raw, at, &mut checks);
        self.whole_home(raw, at, &mut checks);
        let within_s = self.within(raw, &checks, at);
        out.extend(checks.into_iter().map(|(check, line)| Expectation {
            within_s: within_s.filter(|_| !check.is_printed()),
            check,
            user: user.map(str::to_owned),
            line,
        }));
    }

    /// How long an entry may take to become true.
    fn within(&mut self, raw: &RawExpect, checks: &[(Check, usize)], at: At<'case>) -> Option<u32> {
        let text = raw.within.as_ref()?;
        let at = at.key("within");
        if !checks.is_empty() && checks.iter().all(|(check, _)| check.is_printed()) {
            let message = "what a step printed does not become anything else later";
            self.key_mistake(at, message, "remove `within`");
        }
        let length = seconds(text).filter(|length| (1..=MAX_WITHIN_S).contains(length));
        if length.is_none() {
            let message = format!("{} is no length of time to wait", quoted(text));
            let hint = "write `30s` or `2m`; `10m` is the most";
            self.mistake(at, message, hint);
        }
        length
    }

    fn programs_and_paths(
        &mut self,
        raw: &RawExpect,
        at: At<'case>,
        out: &mut Vec<(Check, usize)>,
    ) {
        for (name, package) in raw.packages.iter().flatten() {
            let at = at.key("packages").key(name);
            let state = self.package(package, at);
            let name = name.clone();
            out.push((Check::Package { name, state }, at.line()));
        }
        for (path, file) in raw.files.iter().flatten() {
            let at = at.key("files").key(path);
            self.home_path(path, at);
            let state = self.file(file, at);
            let path = path.clone();
            out.push((Check::File { path, state }, at.line()));
        }
        if let Some(generation) = &raw.generation {
            self.in_generation(generation, at.key("generation"), out);
        }
    }

    fn in_generation(
        &mut self,
        raw: &RawGenerationFiles,
        at: At<'case>,
        out: &mut Vec<(Check, usize)>,
    ) {
        for (path, file) in raw.files.iter().flatten() {
            let at = at.key("files").key(path);
            self.home_path(path, at);
            let state = self.file(file, at);
            let path = format!("home-files/{}", path.trim_start_matches("~/"));
            out.push((Check::InGeneration { path, state }, at.line()));
        }
        if let Some(activate) = &raw.activate {
            let at = at.key("activate");
            let matches = self.output(activate, at).into_iter();
            let state = FileState::Present(matches.map(FileProperty::Content).collect());
            let path = "activate".to_owned();
            out.push((Check::InGeneration { path, state }, at.line()));
        }
    }

    fn sessions(&mut self, raw: &RawExpect, at: At<'case>, out: &mut Vec<(Check, usize)>) {
        for (name, variable) in raw.environment.iter().flatten() {
            let at = at.key("environment").key(name);
            self.variable_name(name, at);
            for check in self.variable(name, variable, at) {
                out.push((check, at.line()));
            }
        }
        for (index, command) in raw.commands.iter().flatten().enumerate() {
            let at = at.key("commands").item(index);
            out.push((self.command(command, at), at.line()));
        }
        for (name, state) in raw.units.iter().flatten() {
            let at = at.key("units").key(name);
            if !name.contains('.') {
                let hint = format!("write its full name: `{name}.service`");
                self.key_mistake(at, format!("{} is no unit's name", quoted(name)), hint);
            }
            let check = Check::Unit {
                name: name.clone(),
                state: *state,
            };
            out.push((check, at.line()));
        }
    }

    fn printed(&mut self, raw: &RawExpect, at: At<'case>, out: &mut Vec<(Check, usize)>) {
        if let Some(output) = &raw.output {
            let at = at.key("output");
            for one in self.output(output, at) {
                out.push((Check::Output(one), at.line()));
            }
        }
        if let Some(warnings) = &raw.warnings {
            let at = at.key("warnings");
            let matches = self.output_list(warnings, at);
            out.push((Check::Warnings(matches), at.line()));
        }
        if let Some(warnings) = &raw.only_warnings {
            let at = at.key("onlyWarnings");
            let matches = self.output_list(warnings, at);
            out.push((Check::Warnings(matches.clone()), at.line()));
            out.push((Check::OnlyWarnings(matches), at.line()));
            if raw.warnings.is_some() {
                let hint = "keep one of them";
                self.key_mistake(at, "there are both `warnings` and `onlyWarnings`", hint);
            }
        }
        if let Some(errors) = &raw.errors {
            let at = at.key("errors");
            let matches = self.output_list(errors, at);
            out.push((Check::Errors(matches), at.line()));
        }
    }

    fn whole_home(&mut self, raw: &RawExpect, at: At<'case>, out: &mut Vec<(Check, usize)>) {
        if let Some(generations) = &raw.generations {
            let line = at.key("generations").line();
            let count = generations.count.map(Check::GenerationCount);
            let current = generations.current.map(Check::CurrentGeneration);
            out.extend(count.into_iter().chain(current).map(|check| (check, line)));
        }
        let Some(extensions) = &raw.no_leftovers else {
            return;
        };
        let at = at.key("noLeftovers");
        for (index, extension) in extensions.iter().enumerate() {
            self.extension(Some(extension), at.item(index));
        }
        if !extensions.is_empty() {
            let extensions = extensions.iter().cloned().collect();
            out.push((Check::NoLeftovers(extensions), at.line()));
        }
    }

    fn package(&mut self, raw: &RawPackage, at: At<'case>) -> PackageState {
        if raw.state == Some(RawPresence::Absent) {
            if raw.version.is_some() || raw.profile.is_some() {
                let hint = "remove `state: absent`, or all the rest";
                self.key_mistake(at, "what is absent has neither version nor profile", hint);
            }
            return PackageState::Absent;
        }
        PackageState::Present {
            version: raw.version.clone(),
            profile: raw.profile,
        }
    }

    fn file(&mut self, raw: &RawFileExpect, at: At<'case>) -> FileState {
        let mut properties = Vec::new();
        properties.extend(raw.r#type.map(FileProperty::Type));
        if let Some(mode) = &raw.mode {
            match u32::from_str_radix(mode, 8) {
                Ok(bits) if bits <= 0o7777 && (3..=4).contains(&mode.len()) => {
                    properties.push(FileProperty::Mode(bits));
                }
                _ => {
                    let hint = "write its digits in octal, quoted: \"644\"";
                    self.mistake(at.key("mode"), format!("{} is no mode", quoted(mode)), hint);
                }
            }
        }
        properties.extend(raw.executable.map(FileProperty::Executable));
        properties.extend(raw.owner.clone().map(FileProperty::Owner));
        let content = self.text_matches(raw.text.as_ref(), &raw.pieces, at);
        properties.extend(content.into_iter().map(FileProperty::Content));
        for (format, values) in [
            (DataFormat::Json, &raw.json),
            (DataFormat::Toml, &raw.toml),
            (DataFormat::Ini, &raw.ini),
        ] {
            for (way, value) in values.iter().flatten() {
                properties.push(FileProperty::Value {
                    format,
                    way: way.split('.').map(str::to_owned).collect(),
                    value: Some(value.clone()).filter(|value| !value.is_null()),
                });
            }
        }
        if let Some(target) = &raw.target {
            let matches = self.some_texts(target.equals.as_ref(), &target.pieces, at.key("target"));
            properties.extend(matches.into_iter().map(FileProperty::Target));
        }
        properties.extend(raw.leads_to.map(FileProperty::TargetKind));
        if let Some(end) = &raw.end {
            let matches = self.some_texts(end.equals.as_ref(), &end.pieces, at.key("end"));
            properties.extend(matches.into_iter().map(FileProperty::End));
        }
        if raw.state != Some(RawPresence::Absent) {
            return FileState::Present(properties);
        }
        if !properties.is_empty() {
            let hint = "remove `state: absent`, or all the rest";
            self.key_mistake(at, "what is absent has no properties", hint);
        }
        FileState::Absent
    }

    fn variable(&mut self, name: &str, raw: &RawVariable, at: At<'case>) -> Vec<Check> {
        let session = raw.session.unwrap_or(Session::Login);
        let matches = self.text_matches(raw.equals.as_ref(), &raw.pieces, at);
        let check = |value| Check::Variable {
            name: name.to_owned(),
            session,
            value,
        };
        match (raw.unset.unwrap_or(false), matches.is_empty()) {
            (true, true) => vec![check(None)],
            (false, false) => matches.into_iter().map(|one| check(Some(one))).collect(),
            (true, false) => {
                self.key_mistake(
                    at,
                    "a variable that is not set has no value",
                    "remove `unset: true`, or the rest",
                );
                Vec::new()
            }
            (false, true) => {
                let hint = "give its value, or `unset: true`";
                self.key_mistake(at, "it is not said what the variable must be", hint);
                Vec::new()
            }
        }
    }

    fn command(&mut self, raw: &RawCommand, at: At<'case>) -> Check {
        if raw.run.trim().is_empty() {
            self.mistake(
                at.key("run"),
                "the command is empty",
                "write one, or remove it",
            );
        }
        let stream = |this: &mut Self, raw: &Option<RawOutputMatch>, key: &str| {
            raw.as_ref()
                .map(|raw| this.output(raw, at.key(key)))
                .unwrap_or_default()
        };
        let command = self.with_flake(&raw.run);
        Check::Command {
            command,
            without_guests: raw.guest_programs == Some(false),
            session: raw.session.unwrap_or(Session::Login),
            exit: raw.exit.unwrap_or(0),
            stdout: stream(self, &raw.stdout, "stdout"),
            stderr: stream(self, &raw.stderr, "stderr"),
        }
    }

    fn output_list(&mut self, list: &[RawOutputMatch], at: At<'case>) -> Vec<TextMatch> {
        let mut out = Vec::new();
        for (index, one) in list.iter().enumerate() {
            out.extend(self.output(one, at.item(index)));
        }
        out
    }

    /// What a printed text must be like; at least one thing.
    fn output(&mut self, raw: &RawOutputMatch, at: At<'case>) -> Vec<TextMatch> {
        self.some_texts(raw.equals.as_ref(), &raw.pieces, at)
    }

    /// The same of texts from elsewhere.
    fn some_texts(
        &mut self,
        equals: Option<&String>,
        pieces: &RawPieces,
        at: At<'case>,
    ) -> Vec<TextMatch> {
        let matches = self.text_matches(equals, pieces, at);
        if matches.is_empty() {
            let hint = "give it `equals`, `contains`, `lacks`, `matches` or `doesNotMatch`";
            self.mistake(at, "it is not said what the text must be like", hint);
        }
        matches
    }

    fn text_matches(
        &mut self,
        equals: Option<&String>,
        pieces: &RawPieces,
        at: At<'case>,
    ) -> Vec<TextMatch> {
        for (key, texts, hint) in [
            ("contains", &pieces.contains, "write what must be in it"),
            ("lacks", &pieces.lacks, "write what must not be in it"),
        ] {
            if texts.iter().flatten().any(String::is_empty) {
                let message = "an empty text is in every text";
                self.mistake(at.key(key), message, hint);
            }
        }
        for (key, texts) in [
            ("matches", &pieces.matches),
            ("doesNotMatch", &pieces.does_not_match),
        ] {
            for text in texts.iter().flatten() {
                if let Err(reason) = super::pattern::check(text) {
                    let message = format!("{} is no regular expression: {reason}", quoted(text));
                    let hint = "write it in the syntax of the Rust crate `regex`";
                    self.mistake(at.key(key), message, hint);
                }
            }
        }
        let every = |texts: &Option<Vec<String>>| texts.clone().unwrap_or_default().into_iter();
        let equals = equals.cloned().map(TextMatch::Equals).into_iter();
        equals
            .chain(every(&pieces.contains).map(TextMatch::Contains))
            .chain(every(&pieces.lacks).map(TextMatch::Lacks))
            .chain(every(&pieces.matches).map(TextMatch::Matches))
            .chain(every(&pieces.does_not_match).map(TextMatch::DoesNotMatch))
            .collect()
    }

    /// A step that succeeds cannot have had an error in its evaluation.
    fn errors_of_a_success(&mut self, step: &RawStep, all: &[Expectation]) {
        let wants_error = |one: &&Expectation| {
            matches!(&one.check, Check::Errors(texts)
                if texts.iter().any(|text| !matches!(text, TextMatch::Lacks(_) | TextMatch::DoesNotMatch(_))))
        };
        if step.fails.is_none()
            && let Some(line) = all.iter().find(wants_error).map(|one| one.line)
        {
            let message = "an evaluation error is expected of a step that must succeed";
            let hint = "add `fails: []` to the step, or a text that the failure must say";
            self.mistake_in_line(line, message.to_owned(), hint.to_owned());
        }
    }

    /// One thing cannot be both there and not there.
    fn contradictions(&mut self, all: &[Expectation]) {
        let mut states: BTreeMap<(&str, &str, Option<&str>), (bool, usize)> = BTreeMap::new();
        let mut found = Vec::new();
        for one in all {
            let (what, name, is_present) = match &one.check {
                Check::Package { name, state } => ("package", name, *state != PackageState::Absent),
                Check::File { path, state } => ("file", path, *state != FileState::Absent),
                Check::InGeneration { path, state } => {
                    ("file of the generation", path, *state != FileState::Absent)
                }
                _ => continue,
            };
            let key = (what, name.as_str(), one.user.as_deref());
            match states.get(&key) {
                Some((other, line)) if *other != is_present => {
                    found.push((what, name.clone(), *line, one.line));
                }
                _ => {
                    states.insert(key, (is_present, one.line));
                }
            }
        }
        for (what, name, first, second) in found {
            let message = format!(
                "the {what} {} is expected both to be there and not to be",
                quoted(&name)
            );
            self.mistake_in_line(
                second,
                message,
                match first == second {
                    true => "both are in this line; keep one of them".to_owned(),
                    false => format!("the other is in line {first}; keep one of them"),
                },
            );
        }
    }
}
