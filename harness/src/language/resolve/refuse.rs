//! What no machine here can do, refused before one starts: at run time it would look as if the setup were wrong.

use super::flake::path_and_output;
use super::place::At;
use super::scenario::{Base, Resolver};
use crate::flake::other_platform;
use crate::model::Install;

impl<'case> Resolver<'case> {
    /// Refuses root on a host, and in a home of another place: the machine has that account, and only a standalone home is made
    /// in it.
    pub(super) fn refuse_root_elsewhere(&mut self) {
        let own = self.root().key("users").key("root");
        let places = [
            self.root().key("setup").key("users").key("root"),
            self.root().key("flake").key("user"),
            own,
        ];
        let place = places.into_iter().find(|place| place.is_there());
        let Some(place) = place.filter(|_| self.users.contains_key("root")) else {
            return;
        };
        if self.base.install() != Install::Standalone {
            self.root_on_a_host(place);
        } else if own.key("homeDirectory").is_there() {
            let at = own.key("homeDirectory");
            self.mistake(at, "the home of root is /root", "remove `homeDirectory`");
        }
    }

    /// Refuses a step that makes root's home, until then a standalone one, a host's.
    pub(super) fn refuse_root_on_a_host(&mut self, base: &Base, at: At<'case>) {
        let becomes_one =
            self.base.install() == Install::Standalone && base.install() != Install::Standalone;
        if becomes_one && self.users.contains_key("root") {
            self.root_on_a_host(at);
        }
    }

    fn root_on_a_host(&mut self, at: At<'case>) {
        let hint = "name an ordinary user, or install it `standalone`";
        self.mistake(at, "the home of root is a standalone one alone", hint);
    }

    /// Refuses what is for another platform than the machine's, where it is to succeed: nothing of it can be built.
    pub(super) fn refuse_other_platform(&mut self, base: &Base, output: &str, at: At<'case>) {
        if base.install() == Install::DarwinModule {
            return;
        }
        let here = self.options.system.clone();
        let other = match base {
            Base::Nothing => None,
            Base::Setup(setup) => Some(setup.system.clone()).filter(|system| *system != here),
            Base::Flake(flake) => {
                let (path, _) = path_and_output(&flake.path);
                self.platform_of(path, base.install(), output, &here)
            }
        };
        let Some(other) = other else { return };
        let own = at.key("setup").key("system");
        let places = [own, self.root().key("setup").key("system")];
        let place = places.into_iter().find(|place| place.is_there());
        let what = match base {
            Base::Flake(_) => format!("the output `{output}` is for {other}"),
            Base::Setup(_) | Base::Nothing => format!("the setup is for {other}"),
        };
        let hint = match base {
            Base::Flake(_) => format!(
                "name an output for {here}, or expect the failure: `build: {{}}` with `fails: {other}`"
            ),
            Base::Setup(_) | Base::Nothing => {
                format!("remove `system`, or expect the failure: `fails: {other}`")
            }
        };
        self.mistake(
            place.unwrap_or(at),
            format!("{what}, and the machine is {here}"),
            hint,
        );
    }

    fn platform_of(
        &mut self,
        path: &str,
        install: Install,
        output: &str,
        here: &str,
    ) -> Option<String> {
        let flake = self.files.flake(path).ok()?;
        let known = (path.to_owned(), install, output.to_owned());
        let read = || other_platform(&flake, install, output, here);
        let platforms = &mut self.files.platforms;
        platforms.entry(known).or_insert_with(read).clone()
    }
}
