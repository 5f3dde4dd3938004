//! Channels in the store of a guest. An input that is a folder is copied into the store by every command of Nix that has no
//! lock yet, and read whole by every other; one that lies in the store as `source` is taken as it is (Nix's `path`
//! fetcher, seen with 2.26). So what is laid out in a guest is added to its store once, and flakes are told that place.

use std::collections::BTreeMap;

use switchproof_vm::process::quote;

/// What turns the addresses of channels into those of the store, where any are kept there.
const TO_STORE: &str = "/etc/switchproof/sources.sed";

/// Where all channels of a guest lie.
const CHANNELS: &str = "path:/etc/switchproof/";

/// Adds the channel's input in `folder` to the store, for good.
pub fn keep(folder: &str) -> String {
    let root = folder.trim_start_matches('/').replace('/', "-");
    format!(
        "mkdir -p /nix/var/nix/gcroots/channels\n\
         source=$(nix store add-path --name source {})\n\
         ln -sfn \"$source\" /nix/var/nix/gcroots/channels/{root}\n\
         printf '%s\\n' 's,path:{folder}\\([\"?]\\|$\\),path:'\"$source\"'\\1,g' >> {TO_STORE}\n",
        quote(folder)
    )
}

/// Tells the flake in `flake_nix` where its channels lie in the store.
pub fn tell(flake_nix: &str) -> String {
    let file = quote(flake_nix);
    format!(
        "if [ -e {TO_STORE} ] && grep -qs {CHANNELS} {file}; then sed -i -f {TO_STORE} {file}; fi\n"
    )
}

/// The address of an input for a shell: of a channel that is kept in the store, its place there.
pub fn word(url: &str) -> String {
    let url = quote(url);
    match url.contains(CHANNELS) {
        true => format!("\"$(echo {url} | sed -f {TO_STORE} 2>/dev/null || echo {url})\""),
        false => url,
    }
}

/// The options that replace inputs of a flake.
pub fn overrides(inputs: &BTreeMap<String, String>) -> String {
    let option = |(input, url): (&String, &String)| {
        format!(" --override-input {} {}", quote(input), word(url))
    };
    inputs.iter().map(option).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What `script` prints where the store takes in every folder as `/nix/store/x-NAME` and all is below `root`.
    fn run(root: &str, script: &str) -> String {
        let script = script.replace("/etc/switchproof", &format!("{root}/etc"));
        let script = script.replace("/nix/var", &format!("{root}/var"));
        let nix = "set -eu\nnix() { echo \"/nix/store/x-${5##*/}\"; }\n";
        let ran = Command::new("sh")
            .args(["-c", &format!("{nix}{script}")])
            .output();
        let ran = ran.expect("sh runs");
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8(ran.stdout).unwrap().replace(root, "")
    }

    #[test]
    fn a_flake_is_told_where_its_channels_lie() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        let pocket = |input: &str| format!("/etc/switchproof/pocket/{input}");
        let option = |input: &str| format!("echo {}\n", word(&format!("path:{}", pocket(input))));
        assert_eq!(run(root, &option("nixpkgs")), "path:/etc/pocket/nixpkgs\n");

        let flake = "a.url = \"path:/etc/switchproof/pocket/nixpkgs\";\nb.url = \"path:/etc/switchproof/pocket/nixpkgs-2\";\n";
        let script = format!(
            "{}cat > /etc/switchproof/flake.nix <<'F'\n{flake}F\n{}cat /etc/switchproof/flake.nix\n{}{}",
            keep(&pocket("nixpkgs")),
            tell("/etc/switchproof/flake.nix"),
            option("nixpkgs"),
            option("home-manager"),
        );
        assert_eq!(
            run(root, &script),
            "a.url = \"path:/nix/store/x-nixpkgs\";\nb.url = \"path:/etc/pocket/nixpkgs-2\";\n\
             path:/nix/store/x-nixpkgs\npath:/etc/pocket/home-manager\n"
        );
        assert_eq!(word("github:a/b"), "github:a/b");
    }
}
