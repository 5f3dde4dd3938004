//! From a YAML file to cases.

pub mod model;
