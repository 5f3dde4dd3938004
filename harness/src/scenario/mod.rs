//! From a YAML file to cases.
//!
//! text → `yaml` (a tree with places) → `matrix` (a tree for each case) → `conform` (checked against the raw types'
//! schema, short forms spelled out) → `raw` (serde) → `resolve` → `model`.

mod channels;
mod checkout;
mod commands;
mod conform;
mod diagnostic;
mod format;
mod host_files;
mod init;
mod load;
mod matrix;
pub mod model;
mod nix;
mod raw;
mod release;
mod resolve;
mod schema;
mod setup;
mod shape;
mod source;
mod suggest;
#[cfg(test)]
mod tests;
mod tracked;
mod value;
mod words;
mod yaml;

pub use channels::{Channels, PROJECT_FILE};
pub use checkout::{Checkout, CheckoutError, revision_overlay};
pub use commands::{Checked, check, render};
pub use diagnostic::{Diagnostic, Severity};
pub use format::{render_github, render_json, render_text, render_text_as};
pub use init::{Draft, Drafts, Found, InitError, Outputs, flake_folder, init, outputs};
pub use load::{LoadOptions, load, load_text, load_with};
pub use schema::schema;
