//! The scripts that put a host's system in the place of the guest that built it. They are part of the key of every state that
//! follows, so that a changed one makes these states anew.

use switchproof_vm::process::quote;

use crate::channel_sources;
use crate::flake::nix::quoted;
use crate::model::{Switch, User};

/// Said of a host that cannot be built without its homes.
const NO_EXTEND: &str = "the host has no `extendModules`, by which it is built without its homes: let the output be what \
     `nixosSystem` returns, not a set made of parts of it";

/// Where the guest remembers why a host has no first system.
pub const NO_FIRST_SYSTEM: &str = "/etc/switchproof/no-first-system";

/// Remembers why there is no first system, for the step that switches to it.
pub fn no_first_system(why: &str) -> String {
    format!("printf '%s\\n' {} > {NO_FIRST_SYSTEM}", quote(why))
}

/// Builds the system of a host without the homes that it declares, makes it the profile's first generation, and lays out
/// a root for it: the image's initrd boots it from there, and brings the store and the homes along. What Nix knows of what it
/// fetched goes along, so that nothing is fetched twice. A host that does not declare all `users` is not built.
pub fn first_system(host: &Switch, users: &[User]) -> String {
    let place = host.target.install.flake_place();
    let options = channel_sources::overrides(&host.override_inputs);
    let flake = host.flake.reference("path:/tmp/first-system");
    format!(
        "set -eu\ncp -r {place} /tmp/first-system\n{}nix flake lock{options} {}\n\
         system=$(nix build --impure --no-link --print-out-paths --expr {})\n\
         nix-env --profile /nix/var/nix/profiles/system --set \"$system\"\n\
         rm -r /tmp/first-system\nmkdir -p /switchproof/root/etc\n\
         cp -a {place} /etc/switchproof /switchproof/root/etc/\n\
         if [ -d /root/.cache/nix ]; then\n\
         mkdir -p -m 700 /switchproof/root/root\nmkdir -p /switchproof/root/root/.cache\n\
         mv /root/.cache/nix /switchproof/root/root/.cache/\nfi\n",
        channel_sources::tell(&format!(
            "/tmp/first-system/{}",
            host.flake.path_of("flake.nix")
        )),
        quote(&flake),
        quote(&without_homes(&flake, &host.output, users))
    )
}

/// The expression of the system of a host of a flake without its homes.
fn without_homes(flake: &str, output: &str, users: &[User]) -> String {
    let users: Vec<String> = users.iter().map(|user| quoted(&user.name)).collect();
    format!(
        "let host = (builtins.getFlake \"{flake}\").nixosConfigurations.{}; \
         bare = (host.extendModules {{ modules = [ ({{ lib, options, ... }}: {{ \
         config = lib.optionalAttrs (options ? home-manager) {{ home-manager.users = lib.mkForce {{ }}; }}; \
         }}) ]; }}).config; \
         missing = builtins.filter (user: !(bare.users.users ? ${{user}})) [ {} ]; in \
         if !(host ? extendModules) then throw \"{NO_EXTEND}\" \
         else if missing != [ ] then throw \"the host declares no user ${{builtins.head missing}}: see its `users.users`\" \
         else bare.system.build.toplevel",
        quoted(output),
        users.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InitialHome;

    #[test]
    fn users_are_asked_for_by_name() {
        let user = |name: &str| User {
            name: name.into(),
            home: InitialHome::Empty,
            directory: None,
        };
        let asked = without_homes("path:/x", "host", &[user("alice"), user("bob")]);
        assert!(
            asked.contains(r#"? ${user})) [ "alice" "bob" ]; in"#),
            "{asked}"
        );
    }
}
