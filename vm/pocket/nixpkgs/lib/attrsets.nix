# Attribute sets.
{ lib }:
let
  inherit (builtins)
    attrNames
    listToAttrs
    concatMap
    head
    tail
    length
    ;
in
rec {
  inherit (builtins)
    attrNames
    listToAttrs
    hasAttr
    isAttrs
    getAttr
    removeAttrs
    mapAttrs
    catAttrs
    zipAttrsWith
    intersectAttrs
    unsafeGetAttrPos
    ;

  attrValues = builtins.attrValues;
  nameValuePair = name: value: { inherit name value; };

  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if set ? ${head path} then
      attrByPath (tail path) default set.${head path}
    else
      default;
  hasAttrByPath =
    path: set: path == [ ] || (set ? ${head path} && hasAttrByPath (tail path) set.${head path});
  getAttrFromPath =
    path: set:
    attrByPath path (throw "cannot find attribute '${lib.concatStringsSep "." path}'") set;
  setAttrByPath = path: value: lib.foldr (name: inner: { ${name} = inner; }) value path;
  attrVals = names: set: map (name: set.${name}) names;
  getAttrs = names: set: genAttrs names (name: set.${name});
  setAttr =
    set: name: value:
    set // { ${name} = value; };

  filterAttrs = pred: set: removeAttrs set (builtins.filter (n: !pred n set.${n}) (attrNames set));
  filterAttrsRecursive =
    pred: set:
    listToAttrs (
      concatMap (
        name:
        let
          v = set.${name};
        in
        lib.optional (pred name v) (
          nameValuePair name (if builtins.isAttrs v then filterAttrsRecursive pred v else v)
        )
      ) (attrNames set)
    );

  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  attrsToList = mapAttrsToList nameValuePair;
  concatMapAttrs = f: set: mergeAttrsList (mapAttrsToList f set);
  mergeAttrsList = builtins.foldl' (a: b: a // b) { };
  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  mapAttrsRecursiveCond =
    cond: f: set:
    let
      go =
        path:
        builtins.mapAttrs (
          name: value:
          if builtins.isAttrs value && cond value then
            go (path ++ [ name ]) value
          else
            f (path ++ [ name ]) value
        );
    in
    go [ ] set;
  mapAttrsToListRecursive = mapAttrsToListRecursiveCond (_path: _value: true);
  mapAttrsToListRecursiveCond =
    cond: f: set:
    let
      go =
        path: value:
        if builtins.isAttrs value && cond path value then
          concatMap (n: go (path ++ [ n ]) value.${n}) (attrNames value)
        else
          [ (f path value) ];
    in
    go [ ] set;
  collect =
    pred: value:
    if pred value then
      [ value ]
    else if builtins.isAttrs value then
      concatMap (collect pred) (attrValues value)
    else
      [ ];

  genAttrs = names: f: listToAttrs (map (n: nameValuePair n (f n)) names);
  genAttrs' = xs: f: listToAttrs (map f xs);
  foldlAttrs =
    f: init: set:
    builtins.foldl' (
      acc: name:
      f acc name set.${name}
    ) init (attrNames set);
  foldAttrs =
    op: nul: sets:
    builtins.foldl' (
      acc: set:
      builtins.foldl' (
        acc': n:
        acc' // { ${n} = op set.${n} (acc'.${n} or nul); }
      ) acc (attrNames set)
    ) { } (lib.reverseList sets);

  zipAttrsWithNames =
    names: f: sets:
    genAttrs names (name: f name (builtins.catAttrs name sets));
  zipAttrs = builtins.zipAttrsWith (_name: values: values);

  recursiveUpdateUntil =
    pred: lhs: rhs:
    let
      go =
        path:
        builtins.zipAttrsWith (
          n: values:
          let
            here = path ++ [ n ];
          in
          if length values == 1 || pred here (lib.elemAt values 1) (head values) then
            head values
          else
            go here values
        );
    in
    go [ ] [
      rhs
      lhs
    ];
  recursiveUpdate = recursiveUpdateUntil (
    _path: l: r:
    !(builtins.isAttrs l && builtins.isAttrs r)
  );
  matchAttrs =
    pattern: set:
    lib.all (
      n:
      set ? ${n}
      && (
        if builtins.isAttrs pattern.${n} then
          builtins.isAttrs set.${n} && matchAttrs pattern.${n} set.${n}
        else
          pattern.${n} == set.${n}
      )
    ) (attrNames pattern);
  overrideExisting = old: new: builtins.mapAttrs (n: v: new.${n} or v) old;
  unionOfDisjoint = x: y:
    let both = attrNames (builtins.intersectAttrs x y); in
    builtins.mapAttrs (n: _: throw "unionOfDisjoint: collision on ${n}") (getAttrs both x) // removeAttrs (x // y) both // lib.optionalAttrs (both != [ ]) (genAttrs both (n: throw "unionOfDisjoint: collision on ${n}"));
  # At every level the updates of what lies deeper come before its own.
  updateManyAttrsByPath =
    let
      go =
        depth: exists: value: updates:
        let
          here = lib.partition (u: length u.path == depth) updates;
          deeper = builtins.groupBy (u: builtins.elemAt u.path depth) here.wrong;
          path = (head updates).path;
          inner =
            if here.wrong == [ ] then
              (
                if exists then
                  value
                else
                  throw "updateManyAttrsByPath: Path '${showAttrPath path}' does not exist in the given value, but the first update to this path tries to access the existing value."
              )
            else if !exists then
              builtins.mapAttrs (_: go (depth + 1) false null) deeper
            else if builtins.isAttrs value then
              value // builtins.mapAttrs (n: go (depth + 1) (value ? ${n}) value.${n}) deeper
            else
              throw "updateManyAttrsByPath: Path '${showAttrPath (head here.wrong).path}' needs to be updated, but path '${showAttrPath (lib.take depth (head here.wrong).path)}' of the given value is not an attribute set, so we can't update an attribute inside of it.";
        in
        lib.foldl (acc: u: u.update acc) inner here.right;
    in
    updates: value: go 0 true value updates;
  cartesianProduct =
    set:
    builtins.foldl' (
      acc: name:
      concatMap (partial: map (v: partial // { ${name} = v; }) set.${name}) acc
    ) [ { } ] (attrNames set);
  mapCartesianProduct = f: set: map f (cartesianProduct set);

  optionalAttrs = cond: set: if cond then set else { };

  isDerivation = value: value.type or null == "derivation";
  toDerivation =
    path:
    let
      path' = builtins.storePath path;
    in
    {
      type = "derivation";
      name = builtins.unsafeDiscardStringContext (lib.substring 33 (-1) (baseNameOf path'));
      outPath = path';
      outputs = [ "out" ];
      outputName = "out";
    };
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };

  # The output of a package that is wanted for a purpose, as nixpkgs picks it.
  getOutput =
    output: pkg:
    if !pkg ? outputSpecified || !pkg.outputSpecified then
      pkg.${output} or pkg.out or pkg
    else
      pkg;
  getFirstOutput =
    candidates: pkg:
    let
      found = builtins.filter (o: pkg ? ${o}) candidates;
    in
    if pkg.outputSpecified or false || found == [ ] then pkg else pkg.${head found};
  getBin = getOutput "bin";
  getLib = getOutput "lib";
  getStatic = getOutput "static";
  getDev = getOutput "dev";
  getMan = getOutput "man";
  getInclude = getFirstOutput [ "include" "dev" "out" ];
  chooseDevOutputs = map getDev;

  showAttrPath =
    path:
    if path == [ ] then
      "<root attribute path>"
    else
      lib.concatMapStringsSep "." lib.strings.escapeNixIdentifier path;
}
