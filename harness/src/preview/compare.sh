# Compares the options of both homes. Nix can go on only after some errors: where one of the others ends it, what was looked
# at when it came is left out of the next try.
cd "$(dirname "$0")" || exit 1
said=$(mktemp) || exit 1
trap 'rm -f "$said"' EXIT
for _ in $(seq 30); do
  nix eval --json "path:$PWD#report" 2>"$said" && exit 0
  at=$(sed -n 's/^.*… switchproof \(compares\|finds out what decides\) /\1 /p' "$said" | head -n 1)
  if [ -z "$at" ] || grep -qxF -- "$at" skip; then break; fi
  printf '%s\n' "$at" >>skip
done
cat "$said" >&2
exit 1
