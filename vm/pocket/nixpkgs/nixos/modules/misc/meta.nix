# Information about modules; nothing here is used.
{ lib, ... }:
{
  options.meta = {
    maintainers = lib.mkOption {
      type = lib.types.raw // { merge = _loc: _defs: { }; };
      internal = true;
      default = [ ];
      description = "Maintainers of the module.";
    };
    doc = lib.mkOption {
      type = lib.types.raw // { merge = _loc: _defs: null; };
      internal = true;
      default = null;
      description = "Documentation of the module.";
    };
    buildDocsInSandbox = lib.mkOption {
      type = lib.types.bool // { merge = _loc: _defs: true; };
      internal = true;
      default = true;
      description = "Whether the documentation can be built in the sandbox.";
    };
  };
}
