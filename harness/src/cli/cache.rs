//! `switchproof cache`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use serde_json::json;
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image::{self, ImageSummary};
use switchproof_vm::layer::{LayerError, LayerStore, LayerSummary, Lookup};
use switchproof_vm::store::free_bytes;

use super::common::{Error, Exit, print};
use super::form::{Printed, TextOrJson, document};
use crate::flake::fetched::Taken;
use crate::host_context::HostError;
use crate::keep::{self, Keep, KeepError, Kept};
use crate::run::ResultStore;
use crate::text::count;

/// What to do with what is kept.
#[derive(Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what is kept: size, age, what made it, what keeps it from being removed, and all of it against the limit
    ///
    /// Releases that `channel fetch` keeps are listed and not counted: no limit removes them, `channel remove` does.
    List {
        #[command(flatten)]
        printed: Printed<TextOrJson>,
    },
    /// Remove what was not used for the longest time, until the rest fits the limit, and old guest images
    ///
    /// A state that a running process uses, or that others stand on, is never removed, nor is a release that `channel fetch`
    /// keeps. Every run keeps to the limit by itself when it ends.
    Gc {
        /// How much may stay, in GiB [default: $SWITCHPROOF_CACHE_LIMIT, or 20]
        #[arg(long, value_name = "GIB")]
        limit: Option<u64>,
        /// How much must be free on the disk afterwards, in GiB: no more is removed than that takes
        #[arg(long, value_name = "GIB", conflicts_with = "limit")]
        free: Option<u64>,
    },
    /// Remove all frozen machine states and results; the current guest image stays, and releases that `channel fetch` keeps
    Clear,
    /// Read every frozen machine state and every result in full and remove the damaged ones
    Verify,
}

pub fn run(args: &CacheArgs) -> Result<Exit, Error> {
    let cache = CacheDir::from_environment().map_err(HostError::from)?;
    let store = LayerStore::open(&cache).map_err(failed)?;
    let results = ResultStore::new(&cache.results().map_err(HostError::from)?);
    let keep = Keep {
        cache: &cache,
        store: &store,
        results: &results,
    };
    match args.command {
        Command::List { printed } => {
            let kept = keep.list()?;
            match printed.form() {
                TextOrJson::Text => list(&cache, &kept),
                TextOrJson::Json => {
                    print(&document(&as_json(&cache, &kept)?)?)?;
                    Ok(Exit::Passed)
                }
            }
        }
        Command::Gc { limit, free } => {
            let limit_bytes = match (limit, free) {
                (Some(gib), _) => keep::in_bytes(gib),
                (None, Some(gib)) => keep.limit_to_free(keep::in_bytes(gib))?,
                (None, None) => keep::limit_bytes()?,
            };
            let exit = collect(keep, limit_bytes)?;
            if let Some(gib) = free {
                require_free(&cache, gib)?;
            }
            Ok(exit)
        }
        Command::Clear => {
            results.clear()?;
            collect(keep, 0)
        }
        Command::Verify => verify(&store, &results),
    }
}

fn failed(error: LayerError) -> Error {
    Error::machinery(error.to_string(), error.hint())
}

fn list(cache: &CacheDir, kept: &Kept) -> Result<Exit, Error> {
    let mut text = format!(
        "{:12}  {:>8}  {:>7}  {:>9}  {:12}  {:20}  made by\n",
        "state", "size", "made", "last used", "stands on", "kept by"
    );
    let states = |is: &dyn Fn(&&LayerSummary) -> bool| kept.states.iter().filter(is).count();
    for state in &kept.states {
        let children = states(&|it| it.parent.as_ref() == Some(&state.key));
        text += &state_row(state, children);
    }
    text += &format!(
        "\n{:12}  {:>8}  {:>7}  kept by\n",
        "guest image", "size", "made"
    );
    for image in &kept.images {
        let states = states(&|it| it.image.as_ref() == Some(&image.key));
        text += &image_row(image, states);
    }
    text += &releases(&kept.releases);
    text += &format!(
        "\n{} {}, {} {}, {} of results {}\n",
        count(kept.states.len(), "state"),
        mib(kept.state_bytes()),
        count(kept.images.len(), "guest image"),
        mib(kept.image_bytes()),
        count(kept.results.files, "file"),
        mib(kept.results.bytes),
    );
    text += &format!(
        "together {} of {} MiB that may be kept in {}\n",
        mib(kept.bytes()),
        keep::limit_bytes()? >> 20,
        cache.root().display()
    );
    if !kept.releases.is_empty() {
        let releases = count(kept.releases.len(), "release");
        text += &format!(
            "besides {releases} {}, which no limit removes\n",
            mib(kept.release_bytes())
        );
    }
    print(&text)?;
    Ok(Exit::Passed)
}

/// The releases, where there are any.
fn releases(all: &[Taken]) -> String {
    let mut text = String::new();
    if !all.is_empty() {
        text += &format!(
            "\n{:12}  {:>8}  {:>7}  kept by\n",
            "release", "size", "fetched"
        );
    }
    for it in all {
        text += &format!(
            "{:12}  {:>8}  {:>7}  being asked for, until `switchproof channel remove {}`\n",
            it.release,
            mib(it.allocated_bytes),
            age(it.fetched),
            it.release
        );
    }
    text
}

/// The same for programs: sizes in bytes, times in seconds since 1970, the processes that use something. The size of all is
/// without the releases, as the limit is.
fn as_json(cache: &CacheDir, kept: &Kept) -> Result<serde_json::Value, Error> {
    let unix_s = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let states: Vec<_> = kept
        .states
        .iter()
        .map(|state| {
            json!({
                "state": state.key.as_str(),
                "stands_on": state.parent.as_ref().map(|it| it.as_str()),
                "image": state.image,
                "size_bytes": state.allocated_bytes,
                "made_unix_s": state.created_s,
                "last_used_unix_s": unix_s(state.last_used),
                "made_by": state.note,
                "used_by": state.used_by.as_deref().unwrap_or_default(),
            })
        })
        .collect();
    let images: Vec<_> = kept
        .images
        .iter()
        .map(|image| {
            json!({
                "image": image.key,
                "size_bytes": image.allocated_bytes,
                "made_unix_s": unix_s(image.built),
                "used_by": image.used_by.as_deref().unwrap_or_default(),
            })
        })
        .collect();
    let releases: Vec<_> = kept
        .releases
        .iter()
        .map(|it| {
            json!({
                "release": it.release,
                "size_bytes": it.allocated_bytes,
                "fetched_unix_s": unix_s(it.fetched),
            })
        })
        .collect();
    Ok(json!({
        "folder": cache.root(),
        "limit_bytes": keep::limit_bytes()?,
        "size_bytes": kept.bytes(),
        "states": states,
        "images": images,
        "releases": releases,
        "results": { "files": kept.results.files, "size_bytes": kept.results.bytes },
    }))
}

fn state_row(state: &LayerSummary, children: usize) -> String {
    let parent = state
        .parent
        .as_ref()
        .map_or("the image".to_owned(), |it| short(it.as_str()));
    let made = state.created_s.map_or("?".to_owned(), |at_s| {
        age(UNIX_EPOCH + Duration::from_secs(at_s))
    });
    let note = state
        .note
        .as_str()
        .map_or_else(|| state.note.to_string(), str::to_owned);
    format!(
        "{:12}  {:>8}  {made:>7}  {:>9}  {parent:12}  {:20}  {}\n",
        short(state.key.as_str()),
        mib(state.allocated_bytes),
        age(state.last_used),
        keepers(None, children, state.used_by.as_deref()),
        crate::text::printable_line(&note),
    )
}

fn image_row(image: &ImageSummary, states: usize) -> String {
    let made_now = image::Suite::ALL.map(|suite| image::definition_of(suite).key());
    let is_current = made_now.iter().any(|key| key.as_str() == image.key);
    let current = is_current.then_some("this version");
    format!(
        "{:12}  {:>8}  {:>7}  {}\n",
        short(&image.key),
        mib(image.allocated_bytes),
        age(image.built),
        keepers(current, states, image.used_by.as_deref()),
    )
}

/// What keeps something from being removed; a dash when nothing does.
fn keepers(first: Option<&str>, states: usize, used_by: Option<&[u32]>) -> String {
    let mut keepers: Vec<String> = first.map(str::to_owned).into_iter().collect();
    if states > 0 {
        keepers.push(count(states, "state"));
    }
    match used_by {
        None => {}
        // Zero stands for one that cannot be seen from here.
        Some(pids) if pids.is_empty() || pids.contains(&0) => {
            keepers.push("another process".to_owned())
        }
        Some(pids) => {
            let names: Vec<_> = pids.iter().map(u32::to_string).collect();
            keepers.push(format!("process {}", names.join(" and ")));
        }
    }
    match keepers.as_slice() {
        [] => "-".to_owned(),
        some => some.join(", "),
    }
}

fn short(key: &str) -> String {
    key.get(..12).unwrap_or(key).to_owned()
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

fn age(since: SystemTime) -> String {
    let seconds = SystemTime::now()
        .duration_since(since)
        .unwrap_or_default()
        .as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn collect(keep: Keep<'_>, limit_bytes: u64) -> Result<Exit, Error> {
    let done = keep.within(limit_bytes, true)?;
    let left = keep.list()?.bytes();
    let mut text = format!(
        "removed {}, {} and {} of results: {} freed, {} left\n",
        count(done.states, "state"),
        count(done.images, "guest image"),
        count(done.results, "file"),
        mib(done.freed_bytes),
        mib(left),
    );
    if done.states_in_use > 0 {
        text += &format!(
            "{} more would have gone but are in use; `switchproof cache list` says by whom\n",
            done.states_in_use
        );
    }
    print(&text)?;
    Ok(Exit::Passed)
}

/// Says that it was not enough, where something else fills the disk.
fn require_free(cache: &CacheDir, gib: u64) -> Result<(), Error> {
    let root = cache.root().display();
    let bytes = free_bytes(cache.root())
        .map_err(|error| Error::machinery(format!("{root}: {error}"), None))?;
    if bytes >= keep::in_bytes(gib) {
        return Ok(());
    }
    Err(Error::machinery(
        format!("only {} are free on the disk of {root}", mib(bytes)),
        Some(
            "something else takes the rest: free some space, or set SWITCHPROOF_CACHE_DIR"
                .to_owned(),
        ),
    ))
}

fn verify(store: &LayerStore, results: &ResultStore) -> Result<Exit, Error> {
    let mut exit = Exit::Passed;
    for layer in store.list().map_err(failed)? {
        let verdict = match store.verify(&layer.key) {
            Ok(Lookup::Whole(_)) => "whole".to_owned(),
            Ok(Lookup::Absent) => "gone".to_owned(),
            Ok(Lookup::Removed { what }) => {
                exit = Exit::Machinery;
                format!("removed: {what}")
            }
            Err(error) => {
                exit = Exit::Machinery;
                error.to_string()
            }
        };
        print(&format!("{}  {verdict}\n", layer.key))?;
    }
    let verified = results.verify().map_err(KeepError::from)?;
    for path in &verified.removed {
        exit = Exit::Machinery;
        print(&format!(
            "{}  removed: its checksum is another\n",
            path.display()
        ))?;
    }
    print(&format!(
        "{} of results  whole\n",
        count(verified.whole, "file")
    ))?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::keepers;

    #[test]
    fn what_keeps_something_is_named() {
        assert_eq!(keepers(None, 0, None), "-");
        let all = keepers(Some("this version"), 2, Some(&[7, 9]));
        assert_eq!(all, "this version, 2 states, process 7 and 9");
        assert_eq!(keepers(None, 1, Some(&[])), "1 state, another process");
    }
}
