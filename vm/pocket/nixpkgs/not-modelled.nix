# Refuses by name what nixpkgs has and this channel lacks.
what: throw "nixpkgs has `${what}', but the pocket channel does not model it; run this scenario on the real channel."
