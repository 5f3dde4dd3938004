//! A guest on the network: what is set up in it, and whether what a case needs can be reached from it.

use std::time::Duration;

use crate::flake::NETWORK_UP;
use crate::machine::{GuestScript, Machine, MachineError};
use crate::model::{Guest, Substituter};
use crate::text::printable_line;
use switchproof_vm::process::quote;

/// Root's script that puts a guest with a network card on QEMU's user-mode network, for every boot, and lets Nix use it.
/// Addresses are those that QEMU's manual gives ("Using the user mode network stack").
pub fn connect(guest: &Guest) -> String {
    let mut script = r#"set -eu
mkdir -p /usr/local/lib/switchproof
cat > /usr/local/lib/switchproof/network-up <<'END'
@NETWORK_UP@END
cat > /etc/systemd/system/switchproof-network.service <<'END'
[Unit]
Description=The network card, on QEMU's user-mode network
DefaultDependencies=no
After=systemd-udevd.service
Before=nix-daemon.socket nix-daemon.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/lib/switchproof/network-up

[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl --quiet enable switchproof-network.service
systemctl start switchproof-network.service || { journalctl --quiet --no-pager --unit switchproof-network.service >&2; exit 1; }
sed -i -e '/^substituters/d' -e '/^download-attempts/d' /etc/nix/nix.conf
"#
    .replace("@NETWORK_UP@", NETWORK_UP);
    if guest.default_substituters {
        // As on everybody's machine: names without an address are looked up in Nix's own registry, not in the
        // channel that stands in for it.
        script += "sed -i '/^flake-registry/d' /etc/nix/nix.conf\nrm -f /etc/nix/registry.json\n";
    }
    script += &format!("printf %s {} >> /etc/nix/nix.conf\n", quote(&caches(guest)));
    // It reads its configuration once.
    script + "systemctl try-restart nix-daemon.service\n"
}

/// Lines of `nix.conf`.
fn caches(guest: &Guest) -> String {
    let addresses: Vec<String> = guest
        .substituters
        .iter()
        .map(Substituter::address)
        .collect();
    let keys: Vec<&str> = guest
        .substituters
        .iter()
        .filter_map(|one| one.public_key.as_deref())
        .collect();
    let prefix = if guest.default_substituters {
        "extra-"
    } else {
        ""
    };
    format!(
        "connect-timeout = 15\n{prefix}substituters = {}\n{prefix}trusted-public-keys = {}\n",
        addresses.join(" "),
        keys.join(" ")
    )
}

/// Makes sure that all the places that a case needs can be reached from the guest. Otherwise nothing of what a switch
/// would say is about the setup.
pub fn require_route(machine: &mut dyn Machine, guest: &Guest) -> Result<(), MachineError> {
    let mut said = Vec::new();
    let script = GuestScript::root(reach(guest), CHECK_DEADLINE);
    let exit = machine.exec(&script, &mut |_, bytes| said.extend_from_slice(bytes))?;
    let said = String::from_utf8_lossy(&said);
    let unreachable: Vec<String> = said.lines().filter_map(in_words).collect();
    if unreachable.is_empty() && exit.status == 0 {
        return Ok(());
    }
    let what = match unreachable.as_slice() {
        [] => format!("the network of the guest does not work: {}", said.trim()),
        places => format!("no route: the guest cannot reach {}", places.join(", ")),
    };
    Err(MachineError::new(what, Some(&hint(guest))))
}

fn hint(guest: &Guest) -> String {
    let way = if guest.network.reaches_host() {
        "the guest has the way to the network that this host has, without its proxy, and reaches the host itself as \
         10.0.2.2"
    } else {
        "the guest has this host's way to the internet, without its proxy, and reaches neither the host nor private \
         addresses; `network: { reachesHost: true }` lets it"
    };
    if guest.default_substituters {
        return format!(
            "{way}; without the internet, remove `network: true`, or take all inputs from the channel `pocket` (for a \
             preview: `--channel pocket`) and name caches within reach under `substituters`"
        );
    }
    way.to_owned()
}

/// Between a place's first packet and its answer; also how long its name may take to be found.
const PLACE_DEADLINE_S: u32 = 15;
/// For all places together, which are tried at once.
const CHECK_DEADLINE: Duration = Duration::from_secs(90);

/// Prints a line for each place that cannot be reached: `name PLACE` where its name is not known, `silence PLACE` where
/// nobody answers, `refusal PLACE` where a connection is turned down, `way PLACE` where there is none. Which places
/// Nix's defaults are, Nix says.
fn reach(guest: &Guest) -> String {
    let mut script = format!(
        r#"try() {{
    host=${{1%:*}} port=${{1##*:}}
    if ! timeout {PLACE_DEADLINE_S} getent ahosts "$host" >/dev/null; then echo "name $1"
    else
        said=$(LC_ALL=C timeout {PLACE_DEADLINE_S} bash -c ': <"/dev/tcp/$1/$2"' - "$host" "$port" 2>&1)
        case "$? $said" in
        "0 "*) ;;
        "124 "*) echo "silence $1" ;;
        *"Connection refused"*) echo "refusal $1" ;;
        *) echo "way $1" ;;
        esac
    fi
}}
"#
    );
    let mut places: Vec<String> = guest.endpoints.iter().map(|place| quote(place)).collect();
    if guest.default_substituters {
        script += r#"ours() {
    nix config show substituters; nix config show flake-registry
}
defaults=$(ours | tr ' ' '\n' | sed -n -e 's,^https://\([^/]*\).*,\1:443,p' | sort -u)
"#;
        places.push("$defaults".to_owned());
    }
    script
        + &format!(
            "for place in {}; do try \"$place\" & done; wait\n",
            places.join(" ")
        )
}

fn in_words(line: &str) -> Option<String> {
    let (problem, place) = line.split_once(' ')?;
    let why = match problem {
        "name" => "its name is not known".to_owned(),
        "silence" => format!("no answer within {PLACE_DEADLINE_S} s"),
        "refusal" => "the connection is refused".to_owned(),
        "way" => "there is no way to it".to_owned(),
        _ => return None,
    };
    Some(format!("{} ({why})", printable_line(place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Network;

    fn guest(key: Option<&str>) -> Guest {
        Guest {
            network: Network::Internet,
            substituters: vec![Substituter {
                url: "http://10.0.2.2:8000/cache".to_owned(),
                public_key: key.map(str::to_owned),
            }],
            ..Guest::default()
        }
    }

    #[test]
    fn a_cache_is_trusted_by_its_key_or_as_it_is() {
        assert_eq!(
            caches(&guest(Some("k-1:abc="))),
            "connect-timeout = 15\nsubstituters = http://10.0.2.2:8000/cache\ntrusted-public-keys = k-1:abc=\n"
        );
        assert!(caches(&guest(None)).contains("/cache?trusted=true\n"));
    }

    #[test]
    fn listed_caches_take_the_place_of_the_default_one_unless_it_is_listed() {
        let mut guest = guest(Some("k-1:abc="));
        assert!(caches(&guest).contains("\nsubstituters = http"));
        assert!(!connect(&guest).contains("registry.json"));
        guest.default_substituters = true;
        assert!(caches(&guest).contains("\nextra-substituters = http"));
        assert!(connect(&guest).contains("rm -f /etc/nix/registry.json"));
    }

    #[test]
    fn what_is_out_of_reach_is_said_in_words() {
        let table = "
            name cache.example.org:443 => cache.example.org:443 (its name is not known)
            refusal 10.0.2.2:1 => 10.0.2.2:1 (the connection is refused)
            noise of something else =>
        ";
        crate::testing::all_come_to(|line| in_words(line).unwrap_or_default(), table);
    }
}
