//! What a guest must offer to those who come in with the machine, and the two guests that do.

/// The folder in which every guest keeps the programs that scripts of ours call by their full names: a shell, `su`, the
/// service manager's, coreutils. On no user's PATH.
pub const TOOLS: &str = "/run/switchproof/tools";

/// What differs between guests.
struct Offer {
    /// What [`TOOLS`] leads to.
    tools: &'static str,
    /// Where root finds programs.
    path: &'static str,
    /// Perl for the supervisor.
    perl: &'static str,
}

/// The guest that every image holds, which installs what is tested.
const DEBIAN: Offer = Offer {
    tools: "/usr/bin",
    path: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    perl: "/usr/bin/perl",
};

/// A NixOS that the image's initrd has entered. Its own programs serve, except for Perl, which a system may be without:
/// the initrd lays that out, from the guest that built the system.
const NIXOS: Offer = Offer {
    tools: "/run/current-system/sw/bin",
    path: "/run/wrappers/bin:/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin",
    perl: "/run/switchproof/perl",
};

/// Root's shell text that starts the supervisor, whose text is on standard input, in whichever guest this is. As a unit
/// of its own: delegated, so that it may make control groups for commands, and spared when memory runs out, so that the
/// end of the step can be told.
pub(crate) fn install() -> String {
    let assign = |offer: &Offer| {
        let Offer { tools, path, perl } = offer;
        format!("tools={tools} path={path} perl={perl}")
    };
    format!(
        "set -e; umask 022; mkdir -p /run/switchproof
if [ -e /run/switchproof/debian ]; then {}; else {}; fi
ln -sfn \"$tools\" {TOOLS}
umask 077; cat > /run/switchproof/supervisor.pl
exec systemd-run --quiet --collect --unit=switchproof-supervisor --property=Delegate=yes \
--property=OOMScoreAdjust=-900 --property=TasksMax=infinity --setenv=\"PATH=$path\" -- \"$perl\" /run/switchproof/supervisor.pl",
        assign(&NIXOS),
        assign(&DEBIAN)
    )
}

#[cfg(test)]
mod tests {
    use super::install;

    #[test]
    fn each_guest_starts_the_supervisor_with_its_own_perl_and_path() {
        let script = install();
        let debian = "else tools=/usr/bin path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin perl=/usr/bin/perl; fi";
        assert!(script.contains(debian), "{script}");
        let nixos = "perl=/run/switchproof/perl; else";
        assert!(script.contains(nixos), "{script}");
    }
}
