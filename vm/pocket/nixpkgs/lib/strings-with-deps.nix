# Texts that name others which come before them, as `system.activationScripts` takes them.
{ lib }:
rec {
  fullDepEntry = text: deps: { inherit text deps; };
  packEntry = deps: fullDepEntry "" deps;
  noDepEntry = text: fullDepEntry text [ ];
  stringAfter = deps: text: fullDepEntry text deps;

  # The texts of `names` and of what they need: depth first, each once.
  textClosureList =
    entries: names:
    let
      visit =
        acc: name:
        if acc.seen ? ${name} then
          acc
        else
          let
            entry = entries.${name};
            before = lib.foldl' visit (acc // { seen = acc.seen // { ${name} = true; }; }) entry.deps;
          in
          before // { texts = before.texts ++ [ entry.text ]; };
    in
    (lib.foldl' visit { seen = { }; texts = [ ]; } names).texts;
  textClosureMap = f: entries: names: lib.concatStringsSep "\n" (map f (textClosureList entries names));
}
