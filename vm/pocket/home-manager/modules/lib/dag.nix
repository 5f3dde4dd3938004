# Named entries with an order among them. An entry is { data; after; before; }.
{ lib }:
rec {
  empty = { };
  isEntry = e: e ? data && e ? after && e ? before;
  isDag = dag: builtins.isAttrs dag && lib.all isEntry (builtins.attrValues dag);

  entryBetween = before: after: data: { inherit data before after; };
  entryAnywhere = entryBetween [ ] [ ];
  entryAfter = entryBetween [ ];
  entryBefore = before: entryBetween before [ ];

  entriesBetween =
    tag: before: after: entries:
    let
      last = builtins.length entries - 1;
      nameOf = i: "${tag}-${toString i}";
    in
    lib.listToAttrs (
      lib.imap0 (i: data: {
        name = nameOf i;
        value = entryBetween (if i == last then before else [ ]) (if i == 0 then after else [ (nameOf (i - 1)) ]) data;
      }) entries
    );
  entriesAnywhere = tag: entriesBetween tag [ ] [ ];
  entriesAfter = tag: entriesBetween tag [ ];
  entriesBefore = tag: before: entriesBetween tag before [ ];

  map = f: builtins.mapAttrs (n: e: e // { data = f n e.data; });

  # { result = [ { name; data; } ]; }, or what nixpkgs' toposort says of a cycle.
  topoSort =
    dag:
    let
      mustPrecede = name: lib.filter (other: builtins.elem name dag.${other}.before) (builtins.attrNames dag);
      nodes = lib.mapAttrsToList (name: e: {
        inherit name;
        inherit (e) data;
        after = e.after ++ mustPrecede name;
      }) dag;
      sorted = lib.toposort (a: b: builtins.elem a.name b.after) nodes;
    in
    if sorted ? result then
      { result = builtins.map (n: { inherit (n) name data; }) sorted.result; }
    else
      sorted;
}
