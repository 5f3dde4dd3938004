# News is not modelled: entries are accepted and nothing is shown.
{ lib, ... }:
{
  options.news = {
    display = lib.mkOption {
      type = lib.types.enum [ "silent" "notify" "show" ];
      default = "notify";
      description = "How unread and relevant news should be presented.";
    };
    entries = lib.mkOption {
      type = lib.types.listOf lib.types.attrs;
      default = [ ];
      internal = true;
      description = "News entries.";
    };
  };
}
