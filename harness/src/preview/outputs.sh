# Prints what outputs.nix tells of a flake: before each answer a line that says what was asked, and behind it the answer or the
# words of the error. The arguments are Nix' and replace inputs.

# For how many homes and hosts of a set it is asked.
most=200

flake=$(dirname "$0")
work=$(mktemp -d) && cd "$work" || exit 1
trap 'rm -rf "$work"' EXIT
escape=$(printf '\033')

# Answers the questions of standard input, each behind its own line. Texts are printed as they are, without their quotes.
answer() {
  while read -r question; do
    printf '"asked %s"\n%s\n' "$question" "$question"
  done >questions
  NO_COLOR=1 nix repl --quiet "$@" "path:$flake#report" <questions 2>&1 |
    sed "s/$escape\[[0-9;]*m//g" |
    sed '/^"/{s/^"\(.*\)"$/\1/; s/\\\(["\\$]\)/\1/g;}'
}

seq -f 'names %g' 0 2 | answer "$@" | tee names
for set in 0 1 2; do
  # `nix repl` repeats each line behind its prompt and leaves empty ones between answers.
  count=$(sed -n "/^asked names $set\$/,/^asked names $((set + 1))\$/s/^{\"count\":\([0-9]*\),.*/\1/p" names)
  for number in $(seq 0 $((${count:-0} - 1)) | head -n "$most"); do
    for fact in users versions platform; do
      echo "$fact $set $number"
    done
  done
done | answer "$@"
