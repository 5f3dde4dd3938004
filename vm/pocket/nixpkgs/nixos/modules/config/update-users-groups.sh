# Makes the machine's users and groups as SPEC (a file of tab-separated lines)
# says. What an earlier configuration declared and this one does not, goes.
set -eu
spec=$1
state=/var/lib/nixos
mkdir -p "$state"
touch "$state/declarative-users" "$state/declarative-groups"

while IFS=$'\t' read -r kind name gid members; do
  [[ $kind == group ]] || continue
  if ! getent group "$name" > /dev/null; then
    groupadd ${gid:+$([[ $gid == - ]] || echo "--gid $gid")} "$name"
  fi
done < "$spec"

while IFS=$'\t' read -r kind name uid group extra home mode create shell type hashed plain description; do
  [[ $kind == user ]] || continue
  getent group "$group" > /dev/null || groupadd "$group"
  if ! getent passwd "$name" > /dev/null; then
    args=(--no-create-home --no-user-group --gid "$group" --home-dir "$home" --shell "$shell" --comment "$description")
    [[ $uid == - ]] || args+=(--uid "$uid")
    [[ $type == normal ]] || args+=(--system)
    useradd "${args[@]}" "$name" 2>/dev/null
    if [[ $hashed != - ]]; then usermod --password "$hashed" "$name"; fi
    if [[ $plain != - ]]; then echo "$name:$plain" | chpasswd; fi
  else
    IFS=: read -r _ _ _ oldGid _ oldHome oldShell < <(getent passwd "$name")
    args=()
    [[ $oldShell == "$shell" ]] || args+=(--shell "$shell")
    [[ $oldHome == "$home" ]] || args+=(--home "$home")
    [[ $(getent group "$group" | cut -d: -f3) == "$oldGid" ]] || args+=(--gid "$group")
    [[ ${#args[@]} == 0 ]] || usermod "${args[@]}" "$name" 2>/dev/null
  fi
  if [[ $create == create && ! -e $home ]]; then
    mkdir -p "${home%/*}"
    mkdir "$home"
    chown "$name:$group" "$home"
    chmod "$mode" "$home"
  fi
done < "$spec"

# The groups whose members are not who they should be. Who was declared before
# is in a group only if that is declared now; others stay. Debian's own groups
# stand for those that NixOS declares by itself; those of people are left alone.
members='
  function add(group, name) { if (!((group, name) in in_it)) { in_it[group, name]; list[group] = list[group] sep[group] name; sep[group] = "," } }
  FILENAME == ARGV[1] { was[$1]; next }
  FS == "\t" && $1 == "group" { declared[$2]; n = split($4, names, ","); for (i = 1; i <= n; i++) add($2, names[i]); next }
  FS == "\t" && $1 == "user" && $5 != "-" { n = split($5, groups, ","); for (i = 1; i <= n; i++) add(groups[i], $2); next }
  FS == ":" && ($3 < 1000 || $1 in declared) {
    n = split($4, names, ",")
    changed = 0
    for (i = 1; i <= n; i++) { if (!(names[i] in was)) add($1, names[i]); if (!(($1, names[i]) in in_it)) changed = 1 }
    if (changed || split(list[$1], ignored, ",") != n) print $1 "\t" list[$1]
  }'
awk "$members" "$state/declarative-users" FS='\t' "$spec" FS=: /etc/group |
  while IFS=$'\t' read -r group names; do gpasswd --members "$names" "$group"; done

# gone KIND: those that were declared before and are not now; then notes the present ones.
gone() {
  local declared
  declared=$(awk -F'\t' -v kind="$1" '$1 == kind { print $2 }' "$spec" | sort)
  comm -23 <(sort -u "$state/declarative-$1s") <(echo "$declared")
  echo "$declared" > "$state/declarative-$1s"
}
for name in $(gone user); do
  getent passwd "$name" > /dev/null || continue
  echo "removing user ‘$name’" >&2
  userdel "$name" 2> /dev/null || true
done
for name in $(gone group); do
  getent group "$name" > /dev/null || continue
  echo "removing group ‘$name’" >&2
  groupdel "$name" 2> /dev/null || true
done
