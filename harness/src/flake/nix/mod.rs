//! Nix text, written so that a person would have written it so and nothing in it can break out of its place.

mod bindings;
mod check;
mod expression;
mod flake;
mod home;
mod host;
mod inputs;
mod module;
mod parse;
mod text;
mod wrapper;

pub(crate) use bindings::{Binding, Bindings};
pub(crate) use check::{NixMistake, check_expression, check_module};
pub(crate) use flake::{render_first_host, render_flake, render_home};
pub(crate) use inputs::{input_names, input_urls, inputs_elsewhere, wants_submodules};
pub(crate) use text::{is_package_path, is_plain_name, quoted};
pub(crate) use wrapper::wrapper_flake;
