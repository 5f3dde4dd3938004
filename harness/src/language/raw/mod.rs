//! The scenario language as types: what serde reads and what the JSON Schema, the key checks and the completion of
//! editors are made from. Short forms are not variants of these types: a type's schema names its short form
//! (`x-short`, `x-one`, `x-names`), and the text is spelled out before serde sees it.

mod expect;
mod laws;
mod project;
mod scenario;
mod setup;
mod step;

pub(crate) use expect::{
    RawCommand, RawExpect, RawFileExpect, RawGenerationFiles, RawOutputMatch, RawPackage,
    RawPieces, RawPresence, RawVariable,
};
pub(crate) use laws::{RawLaw, RawLaws};
pub(crate) use project::{RawChannels, RawProject};
pub(crate) use scenario::{RawGuest, RawScenario, RawSubstituter};
pub(crate) use setup::{RawFlake, RawHome, RawHomeFile, RawInput, RawReplacement, RawSetup};
pub(crate) use step::{RawBuild, RawEdit, RawRun, RawSeed, RawSeedFile, RawStep, RawSwitch};
