# What differs in this revision of the channel from packages.nix: nothing.
packages: packages
