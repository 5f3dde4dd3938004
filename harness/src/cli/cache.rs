//! `switchproof cache`.

use std::time::SystemTime;

use clap::{Args, Subcommand};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image;
use switchproof_vm::layer::{LayerError, LayerStore, LayerSummary, Lookup};

use super::common::{Error, Exit, print};
use crate::run::ResultStore;
use crate::session::{CACHE_LIMIT_BYTES, SessionError};

/// What to do with what is kept.
#[derive(Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the frozen machine states: size, age, what made them, what they stand on
    List,
    /// Remove the states that were not used for the longest time, until the rest fits, and old guest images
    Gc {
        /// How much may stay, in GiB
        #[arg(long, value_name = "GIB", default_value_t = CACHE_LIMIT_BYTES / GIB)]
        limit: u64,
    },
    /// Remove all frozen machine states and results; the current guest image stays
    Clear,
    /// Read every frozen machine state in full and remove the damaged ones
    Verify,
}

pub fn run(args: &CacheArgs) -> Result<Exit, Error> {
    let cache = CacheDir::from_environment().map_err(SessionError::from)?;
    let store = LayerStore::open(&cache).map_err(failed)?;
    match args.command {
        Command::List => list(&cache, &store),
        Command::Gc { limit } => collect(&cache, &store, limit.saturating_mul(GIB)),
        Command::Clear => {
            ResultStore::new(&cache.results().map_err(SessionError::from)?).clear()?;
            collect(&cache, &store, 0)
        }
        Command::Verify => verify(&store),
    }
}

const GIB: u64 = 1 << 30;

fn failed(error: LayerError) -> Error {
    Error::machinery(error.to_string(), error.hint())
}

fn list(cache: &CacheDir, store: &LayerStore) -> Result<Exit, Error> {
    let layers = store.list().map_err(failed)?;
    let mut text = format!(
        "{:12}  {:>8}  {:>9}  {:12}  made by\n",
        "state", "size", "last used", "stands on"
    );
    for layer in &layers {
        text += &row(layer);
    }
    let total: u64 = layers.iter().map(|layer| layer.allocated_bytes).sum();
    text += &format!(
        "{} states, {}, in {}\n",
        layers.len(),
        mib(total),
        cache.root().display()
    );
    print(&text)?;
    Ok(Exit::Passed)
}

fn row(layer: &LayerSummary) -> String {
    let short = |key: &str| key.get(..12).unwrap_or(key).to_owned();
    let parent = layer
        .parent
        .as_ref()
        .map_or("the image".to_owned(), |it| short(it.as_str()));
    let used = SystemTime::now()
        .duration_since(layer.last_used)
        .unwrap_or_default();
    let note = layer
        .note
        .as_str()
        .map_or_else(|| layer.note.to_string(), str::to_owned);
    format!(
        "{:12}  {:>8}  {:>9}  {:12}  {}\n",
        short(layer.key.as_str()),
        mib(layer.allocated_bytes),
        age(used.as_secs()),
        parent,
        crate::observe::text::printable_line(&note),
    )
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn collect(cache: &CacheDir, store: &LayerStore, limit_bytes: u64) -> Result<Exit, Error> {
    let done = store.collect(limit_bytes).map_err(failed)?;
    let mut text = format!(
        "removed {} states and freed {}; {} are left\n",
        done.removed.len(),
        mib(done.freed_bytes),
        mib(done.kept_bytes)
    );
    if !done.in_use.is_empty() {
        text += &format!(
            "{} states are in use by another run and stay\n",
            done.in_use.len()
        );
    }
    let in_layers = store
        .list()
        .map_err(failed)?
        .into_iter()
        .filter_map(|it| it.image)
        .collect();
    let (images, freed) = image::collect(cache, &image::definition().key(), &in_layers)
        .map_err(|error| Error::machinery(error.to_string(), Some(error.hint())))?;
    text += &format!(
        "removed {images} old guest images and freed {}\n",
        mib(freed)
    );
    print(&text)?;
    Ok(Exit::Passed)
}

fn verify(store: &LayerStore) -> Result<Exit, Error> {
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
    Ok(exit)
}
