# Fixed points and the overlays built on them.
rec {
  fix =
    f:
    let
      x = f x;
    in
    x;

  # Applies `overlay` on top of the self-referential set `f`.
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;

  composeExtensions =
    f: g: final: prev:
    let
      first = f final prev;
    in
    first // g final (prev // first);

  composeManyExtensions = builtins.foldl' composeExtensions (_final: _prev: { });

  makeExtensibleWithCustomName =
    name: rattrs:
    fix rattrs
    // {
      ${name} = overlay: makeExtensibleWithCustomName name (extends (toOverlay overlay) rattrs);
    };

  makeExtensible =
    rattrs:
    fix (
      self:
      rattrs self
      // {
        extend = overlay: makeExtensible (extends (toOverlay overlay) rattrs);
      }
    );

  # An overlay may also be a plain set, or a function of the previous set only.
  toOverlay =
    overlay:
    if !builtins.isFunction overlay then
      _final: _prev: overlay
    else
      final: prev:
      let
        one = overlay final;
      in
      if builtins.isFunction one then one prev else overlay prev;
  toExtension = toOverlay;

  converge =
    f: x:
    let
      next = f x;
    in
    if next == x then x else converge f next;
}
