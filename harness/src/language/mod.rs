//! The language of scenarios: from a YAML file to cases.
//!
//! text → `yaml` (a tree with places) → `matrix` (a tree for each case, changed setups spelled out) → `conform` (checked
//! against the raw types' schema, short forms spelled out) → `raw` (serde) → `resolve` → `crate::model`.

mod conform;
mod defaults;
mod diagnostic;
mod format;
mod laws;
mod load;
mod matrix;
mod options;
mod project;
mod raw;
mod render;
mod report;
mod resolve;
mod schema;
mod shape;
mod source;
#[cfg(test)]
mod tests;
mod value;
mod words;
mod yaml;

pub use diagnostic::{Diagnostic, Severity};
pub use format::{render_github, render_json, render_text, render_text_as};
pub use load::{Loaded, check, load, load_text, load_with};
pub use options::LoadOptions;
pub(crate) use project::channels_of;
pub use project::{PROJECT_FILE, project_schema};
pub use render::render;
pub use schema::schema;
