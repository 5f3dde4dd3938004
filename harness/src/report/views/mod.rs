//! Views of the document of a run: pure, from the document to a text.

mod annotations;
mod code_quality;
mod compare;
mod comparison;
mod inert_markdown;
mod junit;
mod markdown;
mod page;
#[cfg(test)]
mod tests;

pub use annotations::*;
pub use code_quality::*;
pub use compare::*;
pub use comparison::*;
pub use junit::*;
pub use markdown::*;
pub use page::*;
