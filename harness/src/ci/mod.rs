//! CI systems: what their runners read in the log of a job, and what they must not.

mod annotation;
mod environment;
mod inert;

pub use annotation::*;
pub use environment::*;
pub use inert::*;
