# Lists.
{ lib }:
let
  inherit (builtins)
    length
    elemAt
    genList
    filter
    concatLists
    ;
in
rec {
  inherit (builtins)
    head
    tail
    length
    elem
    elemAt
    filter
    concatLists
    concatMap
    map
    genList
    all
    any
    foldl'
    sort
    partition
    groupBy
    ;

  singleton = x: [ x ];
  forEach = xs: f: map f xs;
  foldr =
    op: nul: list:
    let
      n = length list;
      go = i: if i == n then nul else op (elemAt list i) (go (i + 1));
    in
    go 0;
  fold = foldr;
  foldl =
    op: nul: list:
    let
      go = i: if i == -1 then nul else op (go (i - 1)) (elemAt list i);
    in
    go (length list - 1);
  imap0 = f: list: genList (i: f i (elemAt list i)) (length list);
  imap1 = f: list: genList (i: f (i + 1) (elemAt list i)) (length list);
  imap = imap1;
  ifilter0 = pred: list: map (i: elemAt list i) (filter (i: pred i (elemAt list i)) (range 0 (length list - 1)));
  optional = cond: x: if cond then [ x ] else [ ];
  optionals = cond: xs: if cond then xs else [ ];
  toList = x: if builtins.isList x then x else [ x ];
  range = first: last: if first > last then [ ] else genList (i: first + i) (last - first + 1);
  replicate = n: x: genList (_: x) n;
  flatten = x: if builtins.isList x then builtins.concatMap flatten x else [ x ];
  remove = e: filter (x: x != e);
  subtractLists = e: filter (x: !builtins.elem x e);
  intersectLists = e: filter (x: builtins.elem x e);
  mutuallyExclusive = a: b: length a == 0 || !builtins.any (x: builtins.elem x b) a;
  count = pred: list: length (filter pred list);
  findFirstIndex =
    pred: default: list:
    let
      n = length list;
      go =
        i:
        if i == n then
          default
        else if pred (elemAt list i) then
          i
        else
          go (i + 1);
    in
    go 0;
  findFirst =
    pred: default: list:
    let
      i = findFirstIndex pred null list;
    in
    if i == null then default else elemAt list i;
  findSingle =
    pred: default: multiple: list:
    let
      found = filter pred list;
    in
    if found == [ ] then
      default
    else if length found > 1 then
      multiple
    else
      builtins.head found;
  groupBy' =
    op: nul: pred: list:
    builtins.mapAttrs (_: builtins.foldl' op nul) (builtins.groupBy pred list);
  zipListsWith =
    f: a: b:
    genList (i: f (elemAt a i) (elemAt b i)) (lib.min (length a) (length b));
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  reverseList = list: let n = length list; in genList (i: elemAt list (n - i - 1)) n;
  unique = builtins.foldl' (acc: e: if builtins.elem e acc then acc else acc ++ [ e ]) [ ];
  uniqueStrings = list: builtins.attrNames (builtins.groupBy (x: x) list);
  allUnique = list: length (unique list) == length list;
  take = n: sublist 0 n;
  takeEnd = n: list: drop (lib.max 0 (length list - n)) list;
  drop = n: list: sublist n (length list) list;
  dropEnd = n: list: take (lib.max 0 (length list - n)) list;
  sublist =
    start: n: list:
    let
      len = length list;
    in
    genList (i: elemAt list (start + i)) (
      if start >= len then
        0
      else if start + n > len then
        len - start
      else
        n
    );
  last = list: if list == [ ] then throw "lists.last: list must not be empty!" else elemAt list (length list - 1);
  init = list: if list == [ ] then throw "lists.init: list must not be empty!" else take (length list - 1) list;
  hasPrefix = prefix: list: take (length prefix) list == prefix;
  removePrefix = prefix: list: if hasPrefix prefix list then drop (length prefix) list else throw "lists.removePrefix: First argument is not a list prefix of the second argument";
  commonPrefix = a: b:
    let
      n = lib.min (length a) (length b);
      i = findFirst (i: elemAt a i != elemAt b i) n (range 0 (n - 1));
    in
    take i a;
  crossLists = f: builtins.foldl' (fs: args: builtins.concatMap (f': map f' args) fs) [ f ];
  sortOn = f: list:
    map (p: elemAt p 1) (builtins.sort (a: b: builtins.head a < builtins.head b) (map (x: [ (f x) x ]) list));
  compareLists =
    cmp: a: b:
    if a == [ ] then
      (if b == [ ] then 0 else -1)
    else if b == [ ] then
      1
    else
      let
        here = cmp (builtins.head a) (builtins.head b);
      in
      if here == 0 then compareLists cmp (builtins.tail a) (builtins.tail b) else here;
  naturalSort =
    list:
    let
      key = s: map (p: if builtins.isList p then lib.toInt' (builtins.head p) else p) (builtins.split "(0|[1-9][0-9]*)" s);
    in
    map (p: elemAt p 1) (builtins.sort (a: b: compareLists lib.compare (builtins.head a) (builtins.head b) < 0) (map (s: [ (key s) s ]) list));

  # Orders `list` so that whatever `before` says comes first does. A cycle is
  # returned instead of thrown, as callers word their own errors.
  listDfs =
    stopOnCycles: before: list:
    let
      go =
        us: visited: rest:
        let
          cut = builtins.partition (x: before x us) rest;
        in
        if stopOnCycles && builtins.any (x: before x us) visited then
          {
            cycle = us;
            loops = filter (x: before x us) visited;
            inherit visited rest;
          }
        else if cut.right == [ ] then
          {
            minimal = us;
            inherit visited rest;
          }
        else
          go (builtins.head cut.right) ([ us ] ++ visited) (builtins.tail cut.right ++ cut.wrong);
    in
    go (builtins.head list) [ ] (builtins.tail list);
  toposort =
    before: list:
    let
      first = listDfs true before list;
      rest = toposort before (first.visited ++ first.rest);
    in
    if length list < 2 then
      { result = list; }
    else if first ? cycle then
      {
        cycle = reverseList ([ first.cycle ] ++ first.visited);
        inherit (first) loops;
      }
    else if rest ? cycle then
      rest
    else
      { result = [ first.minimal ] ++ rest.result; };
}
