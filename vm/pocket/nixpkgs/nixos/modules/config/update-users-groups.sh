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
  if [[ $extra != - ]]; then
    for g in ${extra//,/ }; do
      getent group "$g" > /dev/null || { echo "warning: user $name is to be in group $g, which does not exist" >&2; continue; }
      id -nG "$name" | tr ' ' '\n' | grep -qx "$g" || usermod --append --groups "$g" "$name"
    done
  fi
  if [[ $create == create && ! -e $home ]]; then
    mkdir -p "${home%/*}"
    mkdir "$home"
    chown "$name:$group" "$home"
    chmod "$mode" "$home"
  fi
done < "$spec"

while IFS=$'\t' read -r kind name gid members; do
  [[ $kind == group && -n ${members-} ]] || continue
  for m in ${members//,/ }; do usermod --append --groups "$name" "$m"; done
done < "$spec"

declared=$(awk -F'\t' '$1 == "user" { print $2 }' "$spec" | sort)
for gone in $(comm -23 <(sort -u "$state/declarative-users") <(echo "$declared")); do
  if getent passwd "$gone" > /dev/null; then
    echo "removing user ‘$gone’" >&2
    userdel "$gone" 2> /dev/null || true
  fi
done
echo "$declared" > "$state/declarative-users"
