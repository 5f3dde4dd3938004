{
  description = "A program that only a binary cache has: its builder refuses to build it.";

  outputs =
    { self }:
    {
      packages.x86_64-linux.default = derivation {
        name = "greet-1.0";
        system = "x86_64-linux";
        builder = "/bin/sh";
        args = [
          "-e"
          "-c"
          ''
            if [ ! -e /where-the-cache-is-made ]; then
              echo "greet can only be substituted" >&2
              exit 1
            fi
            export PATH=/usr/bin:/bin
            mkdir -p $out/bin
            printf '#!/bin/sh\necho hello from the cache\n' > $out/bin/greet
            chmod 755 $out/bin/greet
          ''
        ];
      };
    };
}
