//! Which generation of Home Manager is a home's.

/// A shell's function that sets `generation` to the link to the generation of Home Manager of a user whose home is `$h`, or nothing: the newest of them, for a switch that
/// ended halfway has set the profile alone, and a host's activation sets the root alone.
pub(super) const GENERATION_OF: &str = r#"generation_of() {
  generation=
  for p in "$h/.local/state/nix/profiles/home-manager" "/nix/var/nix/profiles/per-user/$1/home-manager" \
      "$h/.local/state/home-manager/gcroots/current-home"; do
    [ -e "$p/home-files" ] || continue
    if [ -z "$generation" ] || [ -n "$(find "$p" -maxdepth 0 -newer "$generation")" ]; then generation=$p; fi
  done
}"#;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
    use switchproof_vm::process::Command;

    use super::*;
    use crate::testing::{Folder, all_come_to};

    /// The places of links to a generation, by the first word of a row below.
    const PLACES: [(&str, &str); 3] = [
        ("own", "home/.local/state/nix/profiles/home-manager"),
        ("shared", "var/nix/profiles/per-user/alice/home-manager"),
        (
            "root",
            "home/.local/state/home-manager/gcroots/current-home",
        ),
    ];

    /// Makes a link of that time to a generation that is newer: only the link's own time counts.
    fn link(folder: &Folder, place: &str, made_s: i64, is_whole: bool) {
        let generation = format!("store/{made_s}-{is_whole}");
        folder.directory(&generation);
        if is_whole {
            folder.directory(&format!("{generation}/home-files"));
        }
        let (parent, _) = place.rsplit_once('/').expect("a parent");
        folder.directory(parent);
        let link = folder.link(folder.join(generation), place);
        let time = Timespec {
            tv_sec: made_s,
            tv_nsec: 0,
        };
        let times = Timestamps {
            last_access: time,
            last_modification: time,
        };
        utimensat(CWD, &link, &times, AtFlags::SYMLINK_NOFOLLOW).expect("its time is set");
    }

    /// The place whose link the function finds, where those of a row are there: `own 1` was made in second 1, `own 1 gone`
    /// leads to what is no generation.
    fn found(row: &str) -> String {
        let folder = Folder::new();
        for it in row.split(',').filter(|it| !it.is_empty()) {
            let words: Vec<&str> = it.split_whitespace().collect();
            let place = PLACES.iter().find(|(name, _)| *name == words[0]);
            let (_, place) = place.expect("a place");
            link(
                &folder,
                place,
                words[1].parse().expect("a time"),
                words.len() == 2,
            );
        }
        let root = folder.path().to_str().expect("a text");
        let function = GENERATION_OF.replace("/nix/var/", &format!("{root}/var/"));
        let script = format!(
            "set -eu\nh={root}/home\n{function}\ngeneration_of alice\nprintf %s \"$generation\""
        );
        let run = Command::new("sh").args(["-c", &script]);
        let said = run
            .run(Duration::from_secs(60))
            .expect("it runs")
            .stdout_text();
        let is_it = |(_, place): &&(&str, &str)| said == format!("{root}/{place}");
        PLACES
            .iter()
            .find(is_it)
            .map_or(said.clone(), |(name, _)| (*name).to_owned())
    }

    #[test]
    fn the_newest_link_to_a_generation_counts_wherever_it_is() {
        let table = "
            =>
            own 5 => own
            shared 5 => shared
            root 5 => root
            own 5, root 9 => root
            own 9, root 5 => own
            shared 9, root 5 => shared
            own 5, shared 7, root 6 => shared
            own 5, shared 6, root 7 => root
            own 7, shared 6, root 5 => own
            own 5, root 5 => own
            own 9 gone, root 5 => root
            own 9 gone =>
        ";
        all_come_to(found, table);
    }
}
