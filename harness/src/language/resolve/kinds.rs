//! The vocabulary's words as the model's kinds.

use crate::language::raw::{RawFileType, RawProfile, RawTargetKind, RawUnitState};
use crate::model::{FileType, Profile, TargetKind, UnitState};

pub(super) fn profile(raw: RawProfile) -> Profile {
    match raw {
        RawProfile::User => Profile::User,
        RawProfile::PerUser => Profile::PerUser,
        RawProfile::System => Profile::System,
        RawProfile::Default => Profile::Default,
    }
}

pub(super) fn file_type(raw: RawFileType) -> FileType {
    match raw {
        RawFileType::File => FileType::File,
        RawFileType::Directory => FileType::Directory,
        RawFileType::Symlink => FileType::Symlink,
        RawFileType::Fifo => FileType::Fifo,
        RawFileType::Socket => FileType::Socket,
        RawFileType::Device => FileType::Device,
    }
}

pub(super) fn target_kind(raw: RawTargetKind) -> TargetKind {
    match raw {
        RawTargetKind::Generation => TargetKind::Generation,
        RawTargetKind::Store => TargetKind::Store,
        RawTargetKind::OutOfStore => TargetKind::OutOfStore,
        RawTargetKind::Dangling => TargetKind::Dangling,
    }
}

pub(super) fn unit_state(raw: RawUnitState) -> UnitState {
    match raw {
        RawUnitState::Active => UnitState::Active,
        RawUnitState::Inactive => UnitState::Inactive,
        RawUnitState::Failed => UnitState::Failed,
        RawUnitState::Absent => UnitState::Absent,
    }
}
