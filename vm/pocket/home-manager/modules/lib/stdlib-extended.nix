# nixpkgs' lib with `lib.hm`.
nixpkgsLib: nixpkgsLib.extend (self: _super: { hm = import ./. { lib = self; }; })
