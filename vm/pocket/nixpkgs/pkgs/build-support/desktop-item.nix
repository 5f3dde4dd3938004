# An entry of an application menu, as the Desktop Entry Specification has it: the keys in the order of their names, a
# value that is not given left out, and what the specification does not allow refused by desktop-file-validate.
{
  lib,
  pkgs,
  writeTextFile,
}:
lib.makeOverridable (
  {
    name,
    destination ? "/share/applications",
    type ? "Application",
    desktopName,
    genericName ? null,
    noDisplay ? null,
    comment ? null,
    icon ? null,
    onlyShowIn ? [ ],
    notShowIn ? [ ],
    dbusActivatable ? null,
    tryExec ? null,
    exec ? null,
    path ? null,
    terminal ? null,
    actions ? { },
    mimeTypes ? [ ],
    categories ? [ ],
    implements ? [ ],
    keywords ? [ ],
    startupNotify ? null,
    startupWMClass ? null,
    url ? null,
    prefersNonDefaultGPU ? null,
    singleMainWindow ? null,
    extraConfig ? { },
  }:
  let
    list = values: if values == [ ] then null else lib.concatStringsSep ";" values;
    text = value: if builtins.isBool value then lib.boolToString value else toString value;
    section =
      header: keys:
      "[${header}]\n" + lib.concatStrings (lib.mapAttrsToList (key: value: "${key}=${text value}\n") (lib.filterAttrs (_: value: value != null) keys));
    main = section "Desktop Entry" (
      {
        Type = type;
        Version = "1.5";
        Name = desktopName;
        GenericName = genericName;
        NoDisplay = noDisplay;
        Comment = comment;
        Icon = icon;
        OnlyShowIn = list onlyShowIn;
        NotShowIn = list notShowIn;
        DBusActivatable = dbusActivatable;
        TryExec = tryExec;
        Exec = exec;
        Path = path;
        Terminal = terminal;
        Actions = list (builtins.attrNames actions);
        MimeType = list mimeTypes;
        Categories = list categories;
        Implements = list implements;
        Keywords = list keywords;
        StartupNotify = startupNotify;
        StartupWMClass = startupWMClass;
        URL = url;
        PrefersNonDefaultGPU = prefersNonDefaultGPU;
        SingleMainWindow = singleMainWindow;
      }
      // extraConfig
    );
    more = lib.mapAttrsToList (
      id: action:
      section "Desktop Action ${id}" {
        Name = action.name or id;
        Icon = action.icon or null;
        Exec = action.exec or null;
      }
    ) actions;
  in
  writeTextFile {
    name = "${name}.desktop";
    destination = "${destination}/${name}.desktop";
    text = lib.concatStringsSep "\n" ([ main ] ++ more);
    checkPhase = "${pkgs.desktop-file-utils}/bin/desktop-file-validate \"$target\"\n";
  }
)
