# News is not modelled: entries are accepted, nothing is shown, and the file of them is refused.
{ lib, ... }:
{
  options.news = {
    display = lib.mkOption {
      type = lib.types.enum [ "silent" "notify" "show" ];
      default = "notify";
      description = "How unread and relevant news should be presented.";
    };
    json = lib.mkOption {
      internal = true;
      readOnly = true;
      default = throw "The pocket channel does not model news.json; run this scenario on the real channel.";
      description = "The file that `home-manager news` reads.";
    };
    entries = lib.mkOption {
      type = lib.types.listOf lib.types.attrs;
      default = [ ];
      internal = true;
      description = "News entries.";
    };
  };
}
