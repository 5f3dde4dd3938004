//! A flake whose hosts can run in the machine, where its nixpkgs is none of ours: what a system must be for that stands
//! beside `flake.nix`, and its outputs are handed through it.

use std::ops::Range;

use rnix::ast::Expr;
use rowan::ast::AstNode as _;
use switchproof_vm::guest::MACHINE_MODULE;

use super::nix::Bindings;
use crate::model::{FlakeTree, MACHINE_PLACE, SeedFile, Substituter};

/// A shell's text that sets up the network card. Addresses are those that QEMU's manual gives ("Using the user mode network
/// stack").
pub(crate) const NETWORK_UP: &str = include_str!("network-up");

/// The binary caches of a host: those that it names itself where `own`, and `named` ones.
pub(crate) struct HostCaches<'a> {
    pub(crate) own: bool,
    pub(crate) named: &'a [Substituter],
}

/// The flake with hosts that can run in the machine. Nix takes no flake whose outputs are not a function that is written in
/// `flake.nix`: such a one stays as it is, for Nix to refuse it.
pub(crate) fn for_the_machine(flake: &FlakeTree, caches: &HostCaches<'_>) -> FlakeTree {
    let Some(text) = flake.text("flake.nix").and_then(handed_through) else {
        return flake.clone();
    };
    let mut files = flake.files.clone();
    files.insert(flake.path_of("flake.nix"), SeedFile::regular(text));
    for (name, text) in [
        ("default.nix", include_str!("default.nix")),
        ("machine.nix", MACHINE_MODULE),
        ("network.nix", include_str!("network.nix")),
        ("network-up", NETWORK_UP),
        ("caches.json", &json(caches)),
    ] {
        let path = flake.path_of(&format!("{MACHINE_PLACE}/{name}"));
        files.insert(path, SeedFile::regular(text));
    }
    FlakeTree {
        files,
        dir: flake.dir.clone(),
    }
}

/// The flake as it was before.
pub(crate) fn without_the_machine(flake: &FlakeTree) -> FlakeTree {
    let mut files = flake.files.clone();
    let place = flake.path_of(MACHINE_PLACE);
    files.retain(|name, _| !name.starts_with(&place));
    if let Some(SeedFile::Regular { bytes, .. }) = files.get_mut(&flake.path_of("flake.nix")) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let own = body_of_outputs(&text).and_then(|body| {
            let inner = text[body.clone()]
                .strip_prefix(&through())?
                .strip_suffix(')')?;
            Some(format!(
                "{}{inner}{}",
                &text[..body.start],
                &text[body.end..]
            ))
        });
        *bytes = own.unwrap_or(text).into_bytes();
    }
    FlakeTree {
        files,
        dir: flake.dir.clone(),
    }
}

/// What stands before that which the outputs return.
fn through() -> String {
    format!("import ./{MACHINE_PLACE} (")
}

/// The text of `flake.nix` with what its outputs return as the argument of our function.
fn handed_through(nix: &str) -> Option<String> {
    let body = body_of_outputs(nix)?;
    let (before, after) = (&nix[..body.start], &nix[body.end..]);
    Some(format!("{before}{}{}){after}", through(), &nix[body]))
}

/// Where in the text of `flake.nix` that stands which its outputs return.
fn body_of_outputs(nix: &str) -> Option<Range<usize>> {
    let mut bindings = Bindings::of(nix).all().into_iter();
    let outputs = bindings.find(|it| it.is_rooted && it.path == [Some("outputs".to_owned())])?;
    let mut value = outputs.value?;
    while let Expr::Paren(inner) = value {
        value = inner.expr()?;
    }
    let Expr::Lambda(function) = value else {
        return None;
    };
    let range = function.body()?.syntax().text_range();
    Some(range.start().into()..range.end().into())
}

fn json(caches: &HostCaches<'_>) -> String {
    let addresses: Vec<String> = caches.named.iter().map(Substituter::address).collect();
    let keys = caches
        .named
        .iter()
        .filter_map(|one| one.public_key.as_deref());
    serde_json::json!({
        "own": caches.own,
        "substituters": addresses,
        "publicKeys": keys.collect::<Vec<_>>(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_text(text: &str) -> FlakeTree {
        let files = [("flake.nix".to_owned(), SeedFile::regular(text))].into();
        FlakeTree::new(files)
    }

    const NO_CACHES: HostCaches<'_> = HostCaches {
        own: true,
        named: &[],
    };

    #[test]
    fn what_the_outputs_return_is_handed_through() {
        for (text, through) in [
            (
                "{ outputs = { self, nixpkgs }: { a = 1; }; }",
                "{ outputs = { self, nixpkgs }: import ./switchproof-machine ({ a = 1; }); }",
            ),
            (
                "{ outputs = (inputs@{ ... }: let a = 1; in { inherit a; } # all\n); inputs = { }; }",
                "{ outputs = (inputs@{ ... }: import ./switchproof-machine (let a = 1; in { inherit a; }) # all\n); inputs = { }; }",
            ),
            (
                "{ outputs = inputs: inputs.parts.lib.mkFlake { inherit inputs; } { outputs = 1; }; }",
                "{ outputs = inputs: import ./switchproof-machine (inputs.parts.lib.mkFlake { inherit inputs; } { outputs = 1; }); }",
            ),
        ] {
            assert_eq!(handed_through(text).as_deref(), Some(through));
            let own = with_text(text);
            let made = for_the_machine(&own, &NO_CACHES);
            assert_eq!(made.files.len(), 6);
            assert_eq!(without_the_machine(&made), own);
        }
    }

    #[test]
    fn a_flake_that_nix_refuses_stays_as_it_is() {
        for text in [
            "{ outputs = import ./outputs.nix; }",
            "{ inputs.a.outputs = _: { }; }",
        ] {
            let own = with_text(text);
            assert_eq!(for_the_machine(&own, &NO_CACHES), own);
        }
    }

    #[test]
    fn caches_are_told_as_nix_takes_them() {
        let named = [Substituter {
            url: "http://10.0.2.2:8000".to_owned(),
            public_key: None,
        }];
        let caches = HostCaches {
            own: false,
            named: &named,
        };
        assert_eq!(
            json(&caches),
            r#"{"own":false,"publicKeys":[],"substituters":["http://10.0.2.2:8000?trusted=true"]}"#
        );
    }
}
