//! A flake around a user's own, for what can only be changed from within.

use super::text;
use crate::scenario::model::{Install, SeedFile};

/// A flake whose output is that of the flake in `./original` with another `home.stateVersion`. Evaluation says what
/// is missing where the output cannot be extended.
pub(crate) fn wrapper_flake(install: Install, output: &str, state_version: &str) -> SeedFile {
    let (outputs, place) = match install {
        Install::Standalone => ("homeConfigurations", "module"),
        Install::NixosModule => (
            "nixosConfigurations",
            "{ home-manager.sharedModules = [ module ]; }",
        ),
        Install::DarwinModule => (
            "darwinConfigurations",
            "{ home-manager.sharedModules = [ module ]; }",
        ),
    };
    let name = text::name(output);
    let version = text::quoted(state_version);
    let what = text::quoted(&format!("{outputs}.{name}"));
    let flake = format!(
        r#"{{
  inputs.original.url = "path:./original";

  outputs = {{ original, ... }}:
    let
      output = original.{outputs}.{name};
      module = {{ lib, ... }}: {{ home.stateVersion = lib.mkForce {version}; }};
    in
    {{
      {outputs}.{name} =
        if output ? extendModules then
          output.extendModules {{ modules = [ {place} ]; }}
        else
          throw ("the stateVersion of " + {what} + " cannot be changed from outside, as it has no extendModules; make it with homeManagerConfiguration, nixosSystem or darwinSystem");
    }};
}}
"#
    );
    SeedFile::Regular {
        bytes: flake.into_bytes(),
        executable: false,
    }
}
