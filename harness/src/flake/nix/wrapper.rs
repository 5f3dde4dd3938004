//! A flake around a user's own, for what can only be changed from within.

use super::text;
use crate::model::{Install, SeedFile};

/// A flake whose output is that of the flake in `./original` with another `home.stateVersion`. Evaluation says what
/// is missing where the output cannot be changed.
///
/// `original` is the address of that flake, which may lie in a folder further inside. `home_manager` is the original's input
/// that Home Manager is. It is then one of this flake too, so that the first switch runs the command of that very input; and a
/// home is evaluated by the original's own `outputs` with a Home Manager that adds a module. To extend a finished home is the second choice: Home Manager's newer results cannot be
/// looked at without their warnings and assertions, which would be about the old version.
pub(crate) fn wrapper_flake(
    install: Install,
    output: &str,
    state_version: &str,
    home_manager: Option<&str>,
    original: &str,
) -> SeedFile {
    let outputs = install.set_name();
    let place = match install {
        Install::Standalone => "module",
        Install::NixosModule | Install::DarwinModule => {
            "{ home-manager.sharedModules = [ module ]; }"
        }
    };
    let name = text::name(output);
    let version = text::quoted(state_version);
    let what = text::quoted(&format!("{outputs}.{name}"));
    let is_rebuilt = home_manager.is_some() && install == Install::Standalone;
    let input = home_manager.unwrap_or_default();
    let follows = match home_manager {
        Some(name) => format!("\n  inputs.{name}.follows = \"original/{name}\";"),
        None => String::new(),
    };
    let (rebuilt, choice) = if is_rebuilt {
        (
            REBUILT
                .replace("@output@", &format!("{outputs}.{name}"))
                .replace("@input@", input),
            format!(
                "if rebuilt.config.home.stateVersion == {version} then\n          rebuilt\n        else if output"
            ),
        )
    } else {
        (String::new(), "if output".to_owned())
    };
    let flake = format!(
        r#"{{
  inputs.original.url = "{original}";{follows}

  outputs = {{ original, ... }}:
    let
      module = {{ lib, ... }}: {{ home.stateVersion = lib.mkForce {version}; }};
      output = original.{outputs}.{name};{rebuilt}
    in
    {{
      {outputs}.{name} =
        {choice} ? extendModules then
          output.extendModules {{ modules = [ {place} ]; }}
        else
          throw ("the stateVersion of " + {what} + " cannot be changed from outside, as it has no extendModules; make it with homeManagerConfiguration, nixosSystem or darwinSystem");
    }};
}}
"#
    );
    SeedFile::regular(flake)
}

/// The original's output as it would be if Home Manager added the module to every home.
const REBUILT: &str = r#"
      @input@ = original.inputs.@input@ // {
        lib = original.inputs.@input@.lib // {
          homeManagerConfiguration =
            arguments:
            original.inputs.@input@.lib.homeManagerConfiguration (
              arguments // { modules = (arguments.modules or [ ]) ++ [ module ]; }
            );
        };
      };
      self = original // outputs // { inherit outputs; };
      outputs = (import "${original}/flake.nix").outputs (
        original.inputs // { inherit self @input@; }
      );
      rebuilt = outputs.@output@;"#;
