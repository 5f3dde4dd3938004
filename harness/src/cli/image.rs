//! `switchproof image`.

use clap::{Args, Subcommand};
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image::{self, Image, Suite};

use serde_json::json;

use super::common::{Error, Exit, print};
use super::form::{Printed, TextOrJson, document};
use super::sink::is_quiet;
use crate::run::in_words;

/// What to do with the guest image.
#[derive(Args)]
pub struct ImageArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the guest image, if it is not there
    Build {
        #[command(flatten)]
        which: Which,
    },
    /// Say where the guest image is and what is in it
    Info {
        #[command(flatten)]
        which: Which,
        /// Print the version of every package in it
        #[arg(long)]
        packages: bool,
        #[command(flatten)]
        printed: Printed<TextOrJson>,
    },
}

/// Which guest image is meant.
#[derive(Args)]
struct Which {
    /// The guest's Debian release: trixie or sid
    #[arg(long, default_value_t, value_parser = parse_suite)]
    suite: Suite,
}

/// A Debian release by its name, for options that take one.
pub fn parse_suite(name: &str) -> Result<Suite, String> {
    name.parse()
        .map_err(|error: image::UnknownSuite| format!("{error}: {}", error.hint()))
}

pub fn run(args: &ImageArgs) -> Result<Exit, Error> {
    let failed = |error: image::ImageError| Error::machinery(error.to_string(), Some(error.hint()));
    let cache = CacheDir::from_environment()
        .map_err(|error| Error::machinery(error.to_string(), Some(error.hint().to_owned())))?;
    match args.command {
        Command::Build { ref which } => {
            let definition = image::definition_of(which.suite);
            let mut told = |event: image::Progress| {
                if let Some(line) = in_words(&event).filter(|_| !is_quiet()) {
                    eprintln!("{line}");
                }
            };
            let image = image::ensure(&cache, &definition, &mut told).map_err(failed)?;
            print(&about(&image))?;
        }
        Command::Info {
            ref which,
            packages,
            printed,
        } => {
            let definition = image::definition_of(which.suite);
            let found = image::find(&cache, &definition).map_err(failed)?;
            if printed.form() == TextOrJson::Json {
                print(&document(&as_json(
                    found.as_ref(),
                    &definition.key().to_string(),
                ))?)?;
                return Ok(Exit::Passed);
            }
            let Some(image) = found else {
                let key = definition.key();
                print(&format!(
                    "image {} is not built; `switchproof image build` does it\n",
                    key.short()
                ))?;
                return Ok(Exit::Passed);
            };
            print(&about(&image))?;
            if packages {
                let lines = image
                    .manifest
                    .packages
                    .iter()
                    .map(|(name, it)| format!("{name} {it}\n"));
                print(&lines.collect::<String>())?;
            }
        }
    }
    Ok(Exit::Passed)
}

/// All that is known of an image, its packages included; `folder` is null where it is not built.
fn as_json(image: Option<&Image>, key: &str) -> serde_json::Value {
    json!({
        "image": key,
        "folder": image.and_then(|image| image.root.parent()),
        "suite": image.map(|image| image.manifest.suite.to_string()),
        "size_bytes": image.map(Image::allocated_bytes),
        "built_in_s": image.map(|image| image.manifest.build_seconds),
        "packages": image.map(|image| &image.manifest.packages),
    })
}

fn about(image: &Image) -> String {
    let manifest = &image.manifest;
    let version = |package: &str| {
        manifest
            .package_version(package)
            .unwrap_or("not in it")
            .to_owned()
    };
    let folder = image
        .root
        .parent()
        .map_or_else(String::new, |it| it.display().to_string());
    format!(
        "image {}\n  folder    {folder}\n  suite     {} ({} packages)\n  nix       {}\n  systemd   {}\n  \
         size      {} MiB on disk\n  built in  {:.0} s\n",
        image.key.short(),
        manifest.suite,
        manifest.packages.len(),
        version("nix-bin"),
        version("systemd"),
        image.allocated_bytes() >> 20,
        manifest.build_seconds,
    )
}
