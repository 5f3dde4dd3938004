# Compares the options of both homes; its arguments are Nix' and replace inputs. `nix repl` goes on after an error, whatever
# it is, and keeps what it evaluated: each question is a line, and what cannot be answered costs one option.

# For how many options it is found out what they decide: the whole home is evaluated once for each.
most=20

# Not beside the flake, whose folder is copied into the store.
flake=$(dirname "$0")
work=$(mktemp -d) && cd "$work" && mkfifo questions || exit 1
trap 'rm -rf "$work"' EXIT
: >told
nix repl --quiet "$@" "path:$flake#report" <questions >told 2>said &
nix=$!
exec 3>questions

# Ends with the words of the failure, without what `nix repl` says first.
fail() {
  sed '/^Nix [0-9]/d; /^Type :. for help/d; /^$/d' said >&2
  exit 1
}

# Waits until all that was asked is answered.
answered() {
  asked=$((asked + 1))
  echo "\"end \" + \"$asked\"" >&3
  until tail -n 4 told | texts | grep -qx "end $asked"; do
    kill -0 "$nix" 2>/dev/null || fail
    sleep 0.2
  done
}

# The texts among what `nix repl` prints, as they are.
texts() {
  sed -n "s/^\($escape\[[0-9;]*m\)\{0,1\}\"\(.*\)\"\($escape\[[0-9;]*m\)\{0,1\}\$/\2/p" | sed 's/\\\(["\\$]\)/\1/g'
}

# The answers between two ends.
between() {
  texts <told | sed "1,/^end $1\$/d; /^end $2\$/d"
}

escape=$(printf '\033')
asked=0
echo count >&3
echo head >&3
answered
count=$(texts <told | sed -n 1p)
versions=$(texts <told | sed -n 2p)
case $count in
'' | *[!0-9]*)
  fail
  ;;
esac

for number in $(seq 0 $((count - 1))); do
  echo "at $number"
done >&3
answered
between 1 2 >seen
looked=$((count - $(grep -cx -- - seen)))
skipped=$((count - $(wc -l <seen)))
grep '^[012] ' seen | sort -n -k 1,1 -k 2,2 >differing
others=$(cut -d ' ' -f 2 differing | tr '\n' ' ')

for number in $(grep '^[01] ' differing | head -n "$most" | cut -d ' ' -f 2); do
  echo "\"$number \" + whole $number [ $others]"
done >&3
answered
exec 3>&-
wait "$nix"
between 2 3 >whole

printf '{"format":1,"stateVersion":%s,"looked":%d,"skipped":%d,"options":[' "$versions" "$looked" "$skipped"
comma=
while read -r _ number answer; do
  decided=$(sed -n "s/^$number //p" whole)
  printf '%s%s' "$comma" "${decided:-$answer}"
  comma=,
done <differing
printf ']}\n'
