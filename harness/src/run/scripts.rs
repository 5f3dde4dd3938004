//! The texts that steps run in the guest, each what a person would type.

use std::collections::BTreeMap;

use crate::channel_sources;
use crate::first_system::NO_FIRST_SYSTEM;
use crate::flake::names::is_plain_user_name;
use crate::model::{
    ChannelOverlay, CommandSource, Edit, InitialHome, Install, Switch, Target, User,
    flake_reference,
};
use crate::observe::HOME_OF;
use switchproof_vm::process::quote;

/// Prints the home of a user.
pub fn home_of(user: &str) -> String {
    format!("{HOME_OF}\nhome_of {}\nprintf '%s\\n' \"$h\"", quote(user))
}

/// Makes users as the distribution makes them; names that it makes only when asked to are asked for.
pub fn make_users(users: &[User]) -> String {
    let mut script = "set -eu\n".to_owned();
    for user in users {
        let (name, home) = (quote(&user.name), quote(&user.home_directory()));
        let mut options = String::new();
        if !is_plain_user_name(&user.name) {
            options += " --badname";
        }
        if user.directory.is_some() {
            script += &format!("mkdir -p -- \"$(dirname -- {home})\"\n");
            options += &format!(" --home-dir {home}");
        }
        // root is there, with the distribution's own files.
        if user.name != "root" {
            script += &format!("useradd --create-home --shell /bin/bash{options} -- {name}\n");
        }
        if user.home == InitialHome::Empty {
            script += &format!("find {home} -mindepth 1 -delete\n");
        }
    }
    script
}

/// Says of a user whom a system was to declare that it does not. A NixOS gives them an empty home; one that is to hold the
/// distribution's skeleton gets that of the guest that built the system.
pub fn require_users(users: &[User]) -> String {
    let mut script = "set -eu\n".to_owned();
    for user in users {
        let (name, home) = (quote(&user.name), quote(&user.home_directory()));
        script += &format!(
            "getent passwd {name} >/dev/null || {{ echo \"the host declares no user \"{name} >&2; exit 1; }}\n"
        );
        if user.home == InitialHome::Skeleton {
            script += &format!(
                "cp -r /run/switchproof/debian/etc/skel/. {home}/\nchown -R {name}: {home}\n"
            );
        }
    }
    script
}

/// Where the guest image keeps the pocket channel's flakes.
pub const CHANNEL: &str = "/etc/switchproof/pocket";

/// Where channels that are made of folders of this computer lie in the guest.
const CHANNELS: &str = "/etc/switchproof/channels";

/// Where a channel lies in the guest; the pocket's own place where it has no name.
pub fn channel_place(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{CHANNELS}/{name}"),
        None => CHANNEL.to_owned(),
    }
}

/// Counted up when the scripts that lay out a channel change: what older ones made is not used any more.
pub const LAYING: u32 = 3;

/// Makes a channel as a copy of the pocket's, without the folders that its own files replace.
pub fn make_channel(place: &str, channel: &ChannelOverlay) -> String {
    let place = quote(place);
    let mut script = "set -eu\n".to_owned();
    if channel.is_bare {
        script += &format!("mkdir -p {place}\n");
    } else if channel.name.is_some() {
        script +=
            &format!("mkdir -p {place}\ncp -r {CHANNEL}/nixpkgs {CHANNEL}/home-manager {place}/\n");
    }
    script += &format!("cd {place}\n");
    for folder in &channel.replaced {
        script += &format!("rm -rf -- {}\n", quote(folder));
    }
    script
}

/// Lets everyone read an input that is a folder of this computer, and keeps it in the store.
pub fn keep_folder(place: &str) -> String {
    let keep = channel_sources::keep(place);
    format!("set -eu\nchmod -R u=rwX,go=rX -- {}\n{keep}", quote(place))
}

/// Locks a channel's own inputs after a part of it was replaced: the lock of a flake names the content of the other. Keeps
/// them in the store.
pub fn keep_channel(place: &str) -> String {
    let quoted = quote(place);
    let keep = |input: &str| channel_sources::keep(&format!("{place}/{input}"));
    format!(
        "set -eu\ncd {quoted}\nchmod -R u=rwX,go=rX .\nrm -f home-manager/flake.lock\n\
         sed -i 's,path:{CHANNEL}/nixpkgs,path:{place}/nixpkgs,' home-manager/flake.nix\n\
         {}{}nix flake lock \"path:$PWD/home-manager\"\n{}",
        keep("nixpkgs"),
        channel_sources::tell("home-manager/flake.nix"),
        keep("home-manager")
    )
}

/// Builds what Home Manager makes of its options alone, equal for every home: an empty home is built and kept.
pub fn build_manual(place: &str) -> String {
    let expression = format!(
        "let home-manager = builtins.getFlake \"path:{place}/home-manager\"; \
         pkgs = home-manager.inputs.nixpkgs.legacyPackages.${{builtins.currentSystem}}; in \
         (home-manager.lib.homeManagerConfiguration {{ inherit pkgs; modules = [ {{ \
         home.username = \"nobody\"; home.homeDirectory = \"/home/nobody\"; \
         home.stateVersion = pkgs.lib.trivial.release; programs.home-manager.enable = true; }} ]; }}).activationPackage"
    );
    build_and_keep(place, "", &expression)
}

/// Builds what NixOS makes of its options alone, nearly equal for every host: one with nothing on it is built and kept.
pub fn build_host(place: &str) -> String {
    let expression = format!(
        "((builtins.getFlake \"path:{place}/nixpkgs\").lib.nixosSystem {{ modules = [ {{ \
         nixpkgs.hostPlatform = builtins.currentSystem; boot.loader.grub.enable = false; \
         fileSystems.\"/\".device = \"/dev/vda\"; system.stateVersion = \"24.05\"; \
         }} ]; }}).config.system.build.toplevel"
    );
    build_and_keep(place, "-nixos", &expression)
}

fn build_and_keep(place: &str, suffix: &str, expression: &str) -> String {
    let name = place.rsplit('/').next().unwrap_or(place);
    format!(
        "mkdir -p /nix/var/nix/gcroots/channels\n\
         nix build --impure --out-link /nix/var/nix/gcroots/channels/{} --expr {}",
        quote(&format!("{name}{suffix}")),
        quote(expression)
    )
}

/// An empty folder for a flake.
pub fn make_place(place: &str, owner: Option<&str>) -> String {
    let mut script = format!("set -eu\nrm -rf {place}\nmkdir -p {place}\n");
    if let Some(owner) = owner {
        script += &format!("chown {}: {place}\n", quote(owner));
    }
    script
}

/// Makes channels of what lies in the machine, and lets Nix look for channels where it does by itself.
pub fn pack_channels(channels: &BTreeMap<String, String>) -> String {
    let mut script = String::new();
    for tarball in channels
        .values()
        .filter_map(|url| url.strip_prefix("file://"))
    {
        let folder = tarball.strip_suffix(".tar.gz").unwrap_or(tarball);
        let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        script += &format!(
            "[ -e {0} ] || tar --sort=name --owner=0 --group=0 --mtime=@0 -czf {0} -C {1}/ -- {2}\n",
            quote(tarball),
            quote(parent),
            quote(name)
        );
    }
    if !channels.is_empty() {
        script += "if grep -qs '^nix-path' /etc/nix/nix.conf; then sed -i '/^nix-path/d' /etc/nix/nix.conf; fi\n";
    }
    script
}

/// Lets a user have these channels, unless they have them.
fn take_channels(channels: &BTreeMap<String, String>) -> String {
    let mut kept = String::new();
    let mut add = String::new();
    for (name, url) in channels {
        kept += &format!("{url} {name}\n");
        add += &format!("  nix-channel --add {} {} &&\n", quote(url), quote(name));
    }
    format!(
        "if [ \"$(cat ~/.nix-channels 2>/dev/null)\" != {} ]; then\n{add}  nix-channel --update || exit\nfi\n",
        quote(kept.trim_end())
    )
}

/// Builds or activates a setup. For a home that has no `home-manager` yet, the one of the flake's own input runs.
pub fn switch(switch: &Switch, verb: &str) -> String {
    let flake_nix = format!("{}/{}", switch.place(), switch.flake.path_of("flake.nix"));
    channel_sources::tell(&flake_nix) + &switch_as_it_is(switch, verb)
}

fn switch_as_it_is(switch: &Switch, verb: &str) -> String {
    let place = switch.place();
    let flake = switch.flake.reference(place);
    let reference = quote(&format!("{flake}#{}", switch.output));
    let mut options = channel_sources::overrides(&switch.override_inputs);
    for option in &switch.options {
        options += &format!(" {}", quote(option));
    }
    match switch.target.install {
        Install::Standalone => {
            if let Some(extension) = &switch.backup_extension {
                options += &format!(" -b {}", quote(extension));
            }
            if switch.dry_run {
                options += " --dry-run";
            }
            if switch.channels.is_empty() {
                let arguments = format!("{verb} --flake {reference}{options}");
                return home_manager(&switch.target, &arguments);
            }
            let arguments = format!("{verb} -f {place}/home.nix{options}");
            take_channels(&switch.channels) + &home_manager(&switch.target, &arguments)
        }
        Install::NixosModule => {
            let verb = if switch.dry_run { "dry-activate" } else { verb };
            format!(
                "if [ -e {NO_FIRST_SYSTEM} ]; then cat {NO_FIRST_SYSTEM} >&2; exit 1; fi\n\
                 nixos-rebuild {verb} --flake {reference}{options}"
            )
        }
        Install::DarwinModule => format!(
            "nix build --no-link --print-out-paths {}{options}",
            quote(&format!(
                "{flake}#darwinConfigurations.{}.system",
                switch.output
            ))
        ),
    }
}

/// The command of the home, or the one that the flake or the channel has.
fn home_manager(target: &Target, arguments: &str) -> String {
    let first = match &target.command {
        Some(command) => format!("nix run{} -- {arguments}", first_command(command)),
        // What `nix-shell '<home-manager>' -A install` runs, told where the file is.
        None => format!(
            "home_manager=$(nix-build '<home-manager>' -A home-manager --no-out-link) || exit\n\
             \"$home_manager\"/bin/home-manager {arguments}"
        ),
    };
    format!(
        "if command -v home-manager >/dev/null; then home-manager {arguments}\nelse {first}\nfi"
    )
}

/// What `nix run` is told to run the command that a flake takes from its inputs, with all that replaces these.
fn first_command(command: &CommandSource) -> String {
    let place = Install::Standalone.flake_place();
    let mut run = String::new();
    if command.is_input {
        let flake = flake_reference(place, &command.dir);
        run += &format!(" --inputs-from {}", quote(&flake));
    }
    if let Some(nixpkgs) = &command.nixpkgs {
        run += &format!(
            " --override-input nixpkgs {}",
            channel_sources::word(nixpkgs)
        );
    }
    match command.flake.strip_prefix("path:./") {
        // One without a lock file of its own gets none: its folder is root's.
        Some(inside) => {
            let flake = quote(&format!("path:{place}/{inside}"));
            run += &format!(" --no-write-lock-file {flake}");
        }
        None => run += &format!(" {}", channel_sources::word(&command.flake)),
    }
    run
}

/// Goes back one generation.
pub fn rollback(target: &Target) -> String {
    match target.install {
        Install::Standalone => home_manager(target, "switch --rollback"),
        Install::NixosModule | Install::DarwinModule => {
            "nixos-rebuild switch --rollback".to_owned()
        }
    }
}

/// Activates a numbered generation: for a home by its own script, as the manual tells people to.
pub fn generation(target: &Target, number: u32) -> String {
    match target.install {
        Install::Standalone => format!(
            "\"${{XDG_STATE_HOME:-$HOME/.local/state}}/nix/profiles/home-manager-{number}-link/activate\""
        ),
        Install::NixosModule | Install::DarwinModule => {
            format!("/nix/var/nix/profiles/system-{number}-link/bin/switch-to-configuration switch")
        }
    }
}

/// Removes Home Manager; its question is answered with yes.
pub fn uninstall(target: &Target, env: &BTreeMap<String, String>) -> String {
    match target.install {
        Install::Standalone => format!(
            "{}yes | {{ {}\n}}",
            exports(env),
            home_manager(target, "uninstall")
        ),
        Install::NixosModule | Install::DarwinModule => {
            "echo 'a module is uninstalled by switching to a system without it' >&2; exit 1"
                .to_owned()
        }
    }
}

/// Sets variables for what follows, in the language of every shell that a user may have.
pub fn exports(env: &BTreeMap<String, String>) -> String {
    env.iter()
        .map(|(name, value)| format!("export {name}={}\n", quote(value)))
        .collect()
}

/// Ends all sessions of a user and waits until they are gone, the service manager included.
pub fn relogin(user: &str) -> String {
    let user = quote(user);
    format!(
        "loginctl terminate-user {user} 2>/dev/null || true\n\
         uid=$(id -u {user}) || exit 1\n\
         for _ in $(seq 100); do\n\
           systemctl is-active --quiet \"user@$uid.service\" || exit 0\n\
           sleep 0.1\n\
         done\n\
         echo \"the sessions of the user did not end\" >&2; exit 1"
    )
}

/// Changes a file of the home that is the working directory, replacing a link by a file as an editor would.
pub fn edit(path: &str, change: &Edit) -> String {
    let path = quote(path);
    match change {
        Edit::Remove => format!("cd && rm -- {path}"),
        Edit::Replace(text) => format!(
            "cd && rm -f -- {path} && mkdir -p -- \"$(dirname -- {path})\" && printf %s {} > {path}",
            quote(text)
        ),
        Edit::Append(text) => format!("cd && printf %s {} >> {path}", quote(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_hands_on_what_it_is_told() {
        let switch = Switch {
            options: ["--impure", "--specialisation", "a b"]
                .map(str::to_owned)
                .into(),
            ..crate::run::test_switch(Install::Standalone)
        };
        assert!(super::switch(&switch, "switch").contains(" --impure --specialisation 'a b'\n"));
    }

    #[test]
    fn an_uninstall_is_told_its_variables() {
        let target = crate::run::test_switch(Install::Standalone).target;
        let env = BTreeMap::from([("A".to_owned(), "it's".to_owned())]);
        assert!(uninstall(&target, &env).starts_with("export A='it'\\''s'\nyes | {"));
    }

    #[test]
    fn a_command_inside_of_the_flake_runs_by_its_place() {
        let target = Target {
            user: Some("alice".into()),
            install: Install::Standalone,
            command: Some(CommandSource {
                flake: "path:./vendor/hm".into(),
                is_input: true,
                nixpkgs: Some("nixpkgs".into()),
                dir: String::new(),
            }),
        };
        let runs = "nix run --inputs-from /srv/flake --override-input nixpkgs nixpkgs --no-write-lock-file \
             path:/srv/flake/vendor/hm -- switch";
        crate::testing::has(home_manager(&target, "switch"), runs);
    }

    #[test]
    fn a_skeleton_is_laid_into_the_homes_of_those_who_are_to_have_it() {
        let user = |name: &str, home| User {
            name: name.into(),
            home,
            directory: None,
        };
        let script = require_users(&[
            user("alice", InitialHome::Skeleton),
            user("bob", InitialHome::Empty),
        ]);
        assert!(script.contains("/etc/skel/. /home/alice/\nchown -R alice: /home/alice\n"));
        assert!(script.contains("passwd bob") && !script.contains("/home/bob"));
    }

    #[test]
    fn a_user_is_made_with_the_name_and_the_home_that_they_have() {
        let script = make_users(&[User {
            name: "CORP\\alice".into(),
            home: InitialHome::Empty,
            directory: Some("/data/a b".into()),
        }]);
        let line = r"useradd --create-home --shell /bin/bash --badname --home-dir '/data/a b' -- 'CORP\alice'";
        assert!(script.contains(line), "{script}");
        assert!(script.contains("find '/data/a b' -mindepth"));
        let root = make_users(&[User {
            name: "root".into(),
            home: InitialHome::Empty,
            directory: None,
        }]);
        assert_eq!(root, "set -eu\nfind /root -mindepth 1 -delete\n");
        let plain = make_users(&[User {
            name: "alice".into(),
            home: InitialHome::Skeleton,
            directory: None,
        }]);
        assert_eq!(
            plain,
            "set -eu\nuseradd --create-home --shell /bin/bash -- alice\n"
        );
    }
}
