//! What QEMU is told: commands, and errors that they end with.

use serde_json::{Value, json};

use crate::machine::waiting::Waiting;
use crate::machine::{Machine, MachineError};
use crate::qemu::TalkError;

impl Machine {
    /// One QMP command.
    pub(super) fn qmp(
        &mut self,
        command: &str,
        arguments: Value,
        waiting: &Waiting,
    ) -> Result<Value, MachineError> {
        let result = self
            .connections
            .qmp
            .execute(command, arguments, waiting.deadline);
        result.map_err(|error| self.qmp_error(error, waiting))
    }

    /// Ends QEMU in an orderly way: its files are whole afterwards.
    pub(super) fn quit(&mut self, waiting: &Waiting) -> Result<(), MachineError> {
        self.liveness.expects_end = true;
        match self.qmp("quit", json!({}), waiting) {
            // It may be gone before its answer is read.
            Ok(_) | Err(MachineError::QemuDied { .. }) => {}
            Err(error) => return Err(error),
        }
        match self.connections.process.wait(waiting.left()) {
            Ok(Some(status)) if status.success() => Ok(()),
            _ => Err(self.died(waiting)),
        }
    }

    pub(super) fn qmp_error(&mut self, error: TalkError, waiting: &Waiting) -> MachineError {
        match error {
            TalkError::Closed => self.died(waiting),
            TalkError::Silent(_) => self.late(waiting),
            TalkError::Refused {
                command,
                description,
            } => MachineError::Qmp {
                command,
                description,
            },
            TalkError::Malformed(what) => MachineError::Protocol {
                what,
                waited: self.waited(waiting),
            },
        }
    }

    pub(super) fn agent_error(&mut self, error: TalkError, waiting: &Waiting) -> MachineError {
        match error {
            TalkError::Silent(_) => self.agent_silent(waiting),
            TalkError::Refused {
                command,
                description,
            } => MachineError::Agent {
                command,
                description,
            },
            other => self.qmp_error(other, waiting),
        }
    }

    pub(super) fn agent_silent(&self, waiting: &Waiting) -> MachineError {
        self.silent("the QEMU guest agent", waiting)
    }

    pub(super) fn silent(&self, who: &'static str, waiting: &Waiting) -> MachineError {
        MachineError::AgentSilent {
            who,
            waited: self.waited(waiting),
        }
    }
}
