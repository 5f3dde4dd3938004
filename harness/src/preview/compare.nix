# Which options of a home have another value tomorrow than today though nobody defines them, and what of the home each of
# them decides. compare.sh asks for it in the guest, an option at a time: an error ends the answer to one question only.
{
  today,
  tomorrow,
  # The user of a system's home; null where the outputs are homes themselves.
  user ? null,
}:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    concatStringsSep
    deepSeq
    elemAt
    filter
    foldl'
    hashString
    isAttrs
    length
    listToAttrs
    map
    match
    pathExists
    readFile
    readFileType
    replaceStrings
    stringLength
    substring
    toJSON
    tryEval
    typeOf
    unsafeDiscardStringContext
    ;

  # How deep a value is looked into, and how long a text may be.
  deepest = 4;
  longest = 2000;

  side =
    output:
    if user == null then
      {
        inherit (output) options config;
        extend = output.extendModules or null;
      }
    else
      let
        users = output.options.home-manager.users;
        meta = users.valueMeta.attrs.${user}.configuration or null;
        home = if meta != null then meta else again users user;
      in
      {
        inherit (home) options config;
        extend = home.extendModules or null;
      };

  # A user's home out of a system, where the library does not keep how it came about: evaluated once more from its modules.
  again =
    users: user:
    let
      inherit (users.type.nestedTypes.elemType.functor) payload;
      own = filter (each: each.value ? ${user}) users.definitionsWithLocations;
    in
    payload.specialArgs.lib.evalModules {
      inherit (payload) specialArgs;
      class = payload.class or null;
      modules =
        payload.modules
        ++ [ { _module.args.name = user; } ]
        ++ map (each: {
          _file = each.file;
          imports = [ each.value.${user} ];
        }) own;
    };

  old = side today;
  new = side tomorrow;

  isOption = value: isAttrs value && value._type or null == "option";

  # Every option with its path.
  walk =
    path: set:
    concatMap (
      name:
      let
        at = path ++ [ name ];
        found = tryEval set.${name};
      in
      if name == "_module" || !found.success || !isAttrs found.value then
        [ ]
      else if isOption found.value then
        [
          {
            path = at;
            name = concatStringsSep "." (map key at);
            option = found.value;
          }
        ]
      else
        walk at found.value
    ) (attrNames set);

  byName =
    all:
    listToAttrs (
      map (it: {
        inherit (it) name;
        value = it;
      }) all
    );

  oldOptions = byName (walk [ ] old.options);
  newOptions = byName (walk [ ] new.options);

  # Whether a file speaks of stateVersion, looked up once a file.
  filesOf = option: map (file: unsafeDiscardStringContext (toString file)) (option.declarations or [ ]);
  speaks =
    file:
    let
      whole = if pathExists file && readFileType file == "directory" then file + "/default.nix" else file;
      text = unsafeDiscardStringContext (readFile whole);
    in
    pathExists whole && replaceStrings [ "stateVersion" ] [ "" ] text != text;
  speaking = listToAttrs (
    concatMap (
      it:
      map (file: {
        name = file;
        value = speaks file;
      }) (filesOf it.option)
    ) (attrValues newOptions)
  );
  isGated = option: builtins.any (file: speaking.${file} or false) (filesOf option);

  # Nobody's definition: a default of the option itself.
  isDefault = option: option.highestPrio or 0 >= 1500;

  isShown = option: !(option.internal or false) && option.visible or true != false;

  get = path: set: foldl' (at: name: at.${name}) set path;

  key = name: if match "[A-Za-z_][A-Za-z0-9_'-]*" name != null then name else toJSON name;

  quoted =
    text:
    "\""
    + replaceStrings
      [
        "\\"
        "\""
        "\${"
        "\n"
        "\t"
        "\r"
      ]
      [
        "\\\\"
        "\\\""
        "\\\${"
        "\\n"
        "\\t"
        "\\r"
      ]
      text
    + "\"";

  # A value as Nix text, places in the home by the option that names it. What has no text is put in angle brackets.
  write =
    home: depth: value:
    let
      type = typeOf value;
      plain = unsafeDiscardStringContext value;
      inner = write home (depth - 1);
    in
    if type == "string" then
      if home != null && plain == home then
        "config.home.homeDirectory"
      else if home != null && substring 0 (stringLength home + 1) plain == home + "/" then
        "\"\${config.home.homeDirectory}"
        + substring 1 (-1) (quoted (substring (stringLength home) (-1) plain))
      else if stringLength plain > longest then
        "<text of ${toString (stringLength plain)} bytes, sha256 ${substring 0 16 (hashString "sha256" plain)}>"
      else
        quoted plain
    else if type == "set" then
      if value.type or null == "derivation" then
        "<package ${unsafeDiscardStringContext (value.name or "without a name")}>"
      else if value ? outPath then
        "<${unsafeDiscardStringContext "${value}"}>"
      else if depth == 0 then
        "<more>"
      else if value == { } then
        "{ }"
      else
        "{ " + concatStringsSep " " (map (name: "${key name} = ${inner value.${name}};") (attrNames value)) + " }"
    else if type == "list" then
      if depth == 0 then
        "<more>"
      else if value == [ ] then
        "[ ]"
      else
        "[ " + concatStringsSep " " (map (each: "(${inner each})") value) + " ]"
    else if type == "lambda" then
      "<function>"
    else if type == "path" then
      toString value
    else
      toJSON value;

  text =
    side: it: write (side.config.home.homeDirectory or null) deepest (get it.path side.config);

  # What may be asked for, by number.
  all = filter (it: it.name != "home.stateVersion" && oldOptions ? ${it.name}) (attrValues newOptions);
  was = it: oldOptions.${it.name};

  # Options that nobody is meant to set decide paths of programs, some of them.
  isLookedAt =
    it:
    it.option.isDefined or true
    && (isGated it.option || (isShown it.option && isDefault it.option && isDefault (was it).option));

  # Where nobody defines it, its default is the reason; a value that was put together follows from others.
  rank =
    it:
    if !(isDefault it.option || isDefault (was it).option) then
      "2"
    else if isGated it.option then
      "0"
    else
      "1";

  compared =
    it:
    let
      before = text old (was it);
      after = text new it;
    in
    if before == after then null else { inherit before after; };

  # What a configuration comes to, as far as its evaluation tells: files, variables, packages.
  facts =
    config:
    let
      files = filter (file: file.enable or true) (attrValues config.home.file);
      strings = map (name: {
        inherit name;
        value = unsafeDiscardStringContext (toString config.home.sessionVariables.${name});
      }) (attrNames config.home.sessionVariables);
    in
    {
      files = listToAttrs (
        map (file: {
          name = relative (unsafeDiscardStringContext file.target);
          value = unsafeDiscardStringContext "${file.source}";
        }) files
      );
      variables = listToAttrs strings;
      packages = listToAttrs (
        map (package: {
          name = package.pname or package.name or "?";
          value = unsafeDiscardStringContext (package.outPath or "?");
        }) config.home.packages
      );
    };

  relative = path: if substring 0 2 path == "./" then relative (substring 2 (-1) path) else path;

  different =
    one: other:
    filter (name: one.${name} or null != other.${name} or null) (
      attrNames (one // other)
    );

  tomorrows = facts new.config;

  # What would be otherwise tomorrow if the option kept today's value, `others` being the other options that differ.
  decides =
    it: others:
    let
      value = get it.path old.config;
      module = foldl' (inner: name: { ${name} = inner; }) {
        _type = "override";
        priority = 50;
        content = value;
      } (reverse it.path);
      pinned = new.extend { modules = [ module ]; };
      kept = facts pinned.config;
    in
    {
      files = different tomorrows.files kept.files;
      variables = different tomorrows.variables kept.variables;
      packages = different tomorrows.packages kept.packages;
      options = map (other: other.name) (
        filter (
          other:
          let
            found = tryEval (text pinned other);
          in
          other.name != it.name && found.success && found.value != text new other
        ) others
      );
    };

  reverse = list: foldl' (done: each: [ each ] ++ done) [ ] list;

  bounded =
    value:
    if stringLength value > longest then
      "<${toString (stringLength value)} bytes, sha256 ${substring 0 16 (hashString "sha256" value)}>"
    else
      value;

  told =
    it: found: decides:
    toJSON {
      option = it.name;
      before = bounded found.before;
      after = bounded found.after;
      gated = isGated it.option;
      inherit decides;
    };

  version =
    side:
    let
      found = tryEval (toString side.config.home.stateVersion);
    in
    if found.success then found.value else null;
in
{
  # How many options there are, and what is told in any case.
  count = toString (length all);
  head = toJSON {
    before = version old;
    after = version new;
  };
  # The option of a number: "-" where it is not looked at, "=" where nothing differs, or a rank, its number, and the answer.
  # The rank is 0 and 1 for what may be a reason, and 2 for what follows from others.
  at =
    number:
    let
      it = elemAt all number;
      found = compared it;
    in
    if !isLookedAt it then
      "-"
    else if found == null then
      "="
    else
      "${rank it} ${toString number} ${told it found null}";
  # The answer with what the option decides.
  whole =
    number: others:
    let
      it = elemAt all number;
    in
    if new.extend == null then
      told it (compared it) null
    else
      told it (compared it) (decides it (map (elemAt all) others));
}
