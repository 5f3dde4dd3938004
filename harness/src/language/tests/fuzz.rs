//! Texts mutated at random, from a fixed seed: whatever they are, loading ends soon and does not panic.

use super::load_text;
use crate::testing::Dice;

/// What is put in, between bars.
const PIECES: &str = concat!(
    "\n¦  ¦\t¦:¦: ¦- ¦[¦]¦{¦}¦&a ¦*a¦<<: *a¦|\n¦>\n¦\"¦'¦#¦%¦!¦? ¦---\n¦...\n¦\u{feff}¦\r\n¦\0¦ü¦💥¦~¦null¦true¦",
    "24.10¦-1¦1e999¦${{ matrix.a }}¦${{ matrix.¦${x}¦''¦name¦setup¦steps¦matrix¦expect¦switch¦fails¦../..¦include¦",
    "exclude¦users¦0x¦\\¦@¦`¦,",
);

fn mutate(text: &str, numbers: &mut Dice) -> String {
    let pieces: Vec<&str> = PIECES.split('¦').collect();
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(characters.len() + 1);
        match numbers.below(4) {
            0 => {
                let end = (at + 1 + numbers.below(12)).min(characters.len());
                characters.drain(at.min(end)..end);
            }
            1 => {
                let from = numbers.below(characters.len() + 1);
                let to = (from + numbers.below(60)).min(characters.len());
                let copy: Vec<char> = characters[from.min(to)..to].to_vec();
                characters.splice(at..at, copy);
            }
            _ => {
                let piece = pieces[numbers.below(pieces.len())];
                characters.splice(at..at, piece.chars());
            }
        }
    }
    characters.into_iter().collect()
}

const SEEDS: &[&str] = &[
    include_str!("../../../../scenarios/first-switch.yaml"),
    include_str!("../../../../scenarios/clobber-backed-up.yaml"),
    EVERYTHING,
];

const EVERYTHING: &str = "
name: everything
matrix:
  stateVersion: [\"23.11\", 24.05]
  editor:
    - vim
    - { name: nv, value: neovim, set: { setup: { globalPkgs: true } } }
  exclude: [{ stateVersion: \"23.11\", editor: nv }]
  include: [{ stateVersion: \"24.11\", editor: vim }]
users: { alice: skeleton }
setup:
  install: nixos-module
  inputs: { nixpkgs: pocket, x: { url: \"path:/x\", flake: false } }
  specialArgs: { a: [1, 2.5, { b: null }] }
  overlays: \"final: prev: { }\"
  home:
    packages: [git, \"${{ matrix.editor }}\"]
    config: |
      programs.bash.enable = true;
    files: { a: b, c: { text: \"${x}\", executable: true } }
    services: [syncthing]
steps:
  - seed: { files: { x: { link: y } } }
  - switch: { stateVersion: \"24.05\", setup: { home: { files: { a: null } } } }
    expect:
      - packages: { git: { version: \"2\" } }
        environment: { EDITOR: { unset: true } }
        commands: [true, { run: x, exit: 1, stdout: y }]
        units: { a.service: active }
        warnings: []
  - run: { command: ls, user: root }
  - switch
  - rollback
  - edit: { path: a, append: b }
  - uninstall
";

/// `SWITCHPROOF_FUZZ_ROUNDS` and `SWITCHPROOF_FUZZ_SEED` make it longer and other.
fn setting(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[test]
fn mutated_scenarios_neither_panic_nor_hang() {
    let mut numbers = Dice(setting("SWITCHPROOF_FUZZ_SEED", 0x5eed_0f5c_e4a2_1057));
    let rounds = setting("SWITCHPROOF_FUZZ_ROUNDS", 700);
    for seed in SEEDS {
        let mut text = (*seed).to_owned();
        for round in 0..rounds {
            // Now and then from the start again, so that texts do not drift into pure noise.
            if round % 7 == 0 {
                text = (*seed).to_owned();
            }
            text = mutate(&text, &mut numbers);
            let start = std::time::Instant::now();
            let (cases, diagnostics) = load_text(&text);
            assert!(start.elapsed().as_secs() < 20, "loading takes long: {text}");
            assert!(!cases.is_empty() || !diagnostics.is_empty());
            for one in &diagnostics {
                assert!(
                    one.source.get(one.span.clone()).is_some(),
                    "the place is in the text"
                );
            }
            let _ = crate::language::render_text_as(&diagnostics, false);
            for case in &cases {
                let _ = crate::language::render(case);
            }
        }
    }
}
