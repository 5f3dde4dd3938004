# Which options of a home have another value tomorrow than today though nobody defines them, and what of the home each of
# them decides. Evaluated in the guest by compare.sh; one option that cannot be evaluated is skipped and counted.
{
  today,
  tomorrow,
  # The user of a system's home; null where the outputs are homes themselves.
  user ? null,
}:
let
  inherit (builtins)
    addErrorContext
    attrNames
    attrValues
    concatMap
    concatStringsSep
    deepSeq
    elem
    filter
    foldl'
    hashString
    head
    isAttrs
    isFunction
    isString
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
    tail
    toJSON
    tryEval
    typeOf
    unsafeDiscardStringContext
    ;

  # How deep a value is looked into, how long a text may be, and for how many options it is found out what they decide.
  deepest = 4;
  longest = 2000;
  most = 12;

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
      in
      if meta != null then
        {
          inherit (meta) options config;
          extend = meta.extendModules or null;
        }
      else
        {
          options = users.type.getSubOptions [ ];
          config = output.config.home-manager.users.${user};
          extend = null;
        };

  # What ended an evaluation before, and is left out.
  skip = filter (line: isString line && line != "") (builtins.split "\n" (readFile ./skip));
  compares = name: "compares ${name}";
  findsOut = name: "finds out what decides ${name}";
  # Says what is looked at where an error ends the evaluation.
  during = what: value: addErrorContext "switchproof ${what}" value;

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
  isDefault =
    option:
    let
      priority = tryEval (option.highestPrio or 0);
    in
    priority.success && priority.value >= 1500;

  isShown =
    option:
    let
      hidden = tryEval ((option.internal or false) || (option.visible or true) == false);
    in
    hidden.success && !hidden.value;

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
    side: it:
    let
      home = tryEval side.config.home.homeDirectory;
      found = write (if home.success then home.value else null) deepest (get it.path side.config);
    in
    tryEval (deepSeq found found);

  isDefined =
    it:
    let
      defined = tryEval (it.option.isDefined or true);
    in
    defined.success && defined.value;

  looked = filter (
    it:
    let
      was = oldOptions.${it.name} or null;
    in
    it.name != "home.stateVersion"
    && was != null
    && !elem (compares it.name) skip
    && during (compares it.name) (
      isShown it.option
      && isDefined it
      && (isGated it.option || (isDefault it.option && isDefault was.option))
    )
  ) (attrValues newOptions);

  compared = map (
    it:
    let
      before = during (compares it.name) (text old oldOptions.${it.name});
      after = during (compares it.name) (text new it);
    in
    {
      inherit it;
      failed = !before.success || !after.success;
      before = before.value;
      after = after.value;
    }
  ) looked;

  differing = filter (each: !each.failed && each.before != each.after) compared;

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

  # What would be otherwise tomorrow if the option kept today's value.
  decides =
    it:
    let
      value = get it.path old.config;
      module = foldl' (inner: name: { ${name} = inner; }) {
        _type = "override";
        priority = 50;
        content = value;
      } (reverse it.path);
      pinned = new.extend { modules = [ module ]; };
      kept = facts pinned.config;
      found = {
        files = different tomorrows.files kept.files;
        variables = different tomorrows.variables kept.variables;
        packages = different tomorrows.packages kept.packages;
        options = map (other: other.it.name) (
          filter (
            other:
            let
              again = text pinned other.it;
            in
            other.it.name != it.name && again.success && again.value == other.before
          ) differing
        );
      };
      result = during (findsOut it.name) (tryEval (deepSeq found found));
    in
    if new.extend != null && !elem (findsOut it.name) skip && result.success then result.value else null;

  reverse = list: foldl' (done: each: [ each ] ++ done) [ ] list;

  first = count: list: if count == 0 || list == [ ] then [ ] else [ (head list) ] ++ first (count - 1) (tail list);

  told =
    isAmongFirst: each: {
      option = each.it.name;
      inherit (each) before after;
      gated = isGated each.it.option;
      decides = if isAmongFirst then decides each.it else null;
    };

  version =
    side:
    let
      found = tryEval (toString side.config.home.stateVersion);
    in
    if found.success then found.value else null;
  isCompared = line: substring 0 9 line == "compares ";
  chosen = first most differing;
  rest = filter (each: !(builtins.any (other: other.it.name == each.it.name) chosen)) differing;
in
{
  format = 1;
  stateVersion = {
    before = version old;
    after = version new;
  };
  looked = length looked + length (filter isCompared skip);
  skipped = length (filter (each: each.failed) compared) + length (filter isCompared skip);
  options = map (told true) chosen ++ map (told false) rest;
}
