//! Nix text, written so that a person would have written it so and nothing in it can break out of its place.

mod check;
mod expression;
mod flake;
mod home;
mod host;
mod inputs;
mod parse;
mod text;
mod wrapper;

pub(crate) use check::{NixMistake, check_expression, check_module};
pub(crate) use flake::render_flake;
pub(crate) use inputs::{input_names, input_urls};
pub(crate) use parse::parse;
pub(crate) use text::is_package_path;
pub(crate) use wrapper::wrapper_flake;
