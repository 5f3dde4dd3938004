# Makes the machine's users and groups as SPEC (a file of tab-separated lines)
# says. What an earlier configuration declared and this one does not, goes.
set -eu
spec=$1
state=/var/lib/nixos
mkdir -p "$state"
touch "$state/declarative-users" "$state/declarative-groups"
# Debian's groups stand for those that NixOS always declares.
[ -e "$state/distribution-groups" ] || cut -d: -f1 /etc/group | sort > "$state/distribution-groups"

mutable=$(awk -F'\t' '$1 == "mutable" { print $2 }' "$spec")

declared() { awk -F'\t' -v kind="$1" '$1 == kind { print $2 }' "$spec" | sort; }

for name in $(comm -23 "$state/declarative-users" <(declared user)); do
  getent passwd "$name" > /dev/null || continue
  echo "removing user ‘$name’" >&2
  rm -f -- "/var/lib/systemd/linger/$name"
  userdel --force "$name" 2> /dev/null || echo "warning: user ‘$name’ could not be removed" >&2
done

while IFS=$'\t' read -r kind name gid members; do
  [[ $kind == group ]] || continue
  if ! getent group "$name" > /dev/null; then
    groupadd ${gid:+$([[ $gid == - ]] || echo "--gid $gid")} "$name"
  fi
done < "$spec"

set_hash() { # NAME HASH
  [[ $(getent shadow "$1" | cut -d: -f2) == "$2" ]] || usermod --password "$2" "$1" ||
    echo "warning: the password of user ‘$1’ could not be set" >&2
}
set_password() { # NAME FILE PLAIN HASHED: each "-" or "=" and the value
  local hash=
  if [[ $2 != - ]]; then
    if [[ -r ${2#=} ]]; then
      IFS= read -r hash < "${2#=}" || true
      set_hash "$1" "$hash"
      return
    fi
    echo "warning: password file ‘${2#=}’ does not exist" >&2
  fi
  if [[ $3 != - ]]; then
    printf '%s:%s\n' "$1" "${3#=}" | chpasswd || echo "warning: the password of user ‘$1’ could not be set" >&2
  elif [[ $4 != - ]]; then
    set_hash "$1" "${4#=}"
  elif [[ $mutable == no ]]; then
    set_hash "$1" '!'
  fi
}
set_linger() { # NAME yes|no|-
  local file=/var/lib/systemd/linger/$1 verb
  case $2 in
    yes) [[ ! -e $file ]] || return 0; verb=enable-linger ;;
    no) [[ -e $file ]] || return 0; verb=disable-linger ;;
    *) return 0 ;;
  esac
  if systemctl is-active --quiet systemd-logind.service 2> /dev/null && timeout 30 loginctl "$verb" "$1"; then return 0; fi
  # While the machine starts there is no logind yet; it reads these files then.
  if [[ $2 == yes ]]; then
    mkdir -p "${file%/*}"
    touch -- "$file"
  else
    rm -f -- "$file"
  fi
}
while IFS=$'\t' read -r kind name uid group extra home mode create shell type linger file plain hashed description; do
  [[ $kind == user ]] || continue
  getent group "$group" > /dev/null || groupadd "$group"
  if ! getent passwd "$name" > /dev/null; then
    args=(--no-create-home --no-user-group --gid "$group" --home-dir "$home" --shell "$shell" --comment "$description")
    [[ $uid == - ]] || args+=(--uid "$uid")
    [[ $type == normal ]] || args+=(--system)
    useradd "${args[@]}" "$name" 2>/dev/null
    set_password "$name" "$file" "$plain" "$hashed"
  else
    IFS=: read -r _ _ oldUid oldGid _ oldHome oldShell < <(getent passwd "$name")
    [[ $uid == - || $uid == "$oldUid" ]] ||
      echo "warning: not applying UID change of user ‘$name’ ($oldUid -> $uid) in /etc/passwd" >&2
    args=()
    [[ $oldShell == "$shell" ]] || args+=(--shell "$shell")
    [[ $oldHome == "$home" ]] || args+=(--home "$home")
    [[ $(getent group "$group" | cut -d: -f3) == "$oldGid" ]] || args+=(--gid "$group")
    [[ ${#args[@]} == 0 ]] || usermod "${args[@]}" "$name" 2>/dev/null
    [[ $mutable == yes ]] || set_password "$name" "$file" "$plain" "$hashed"
  fi
  if [[ $create == create && ! -e $home ]]; then
    mkdir -p "${home%/*}"
    mkdir "$home"
    chown "$name:$group" "$home"
    chmod "$mode" "$home"
  fi
  set_linger "$name" "$linger"
done < "$spec"

# The groups whose members are not who they should be. Who was declared before
# is in a group only if that is declared now; others stay.
members='
  function add(group, name) {
    if (!(name in known) || (group, name) in in_it) return
    in_it[group, name]
    list[group] = list[group] sep[group] name
    sep[group] = ","
  }
  file == "were" { were[$1]; next }
  file == "debian" { ours[$1]; next }
  file == "passwd" { known[$1]; next }
  file == "spec" && $1 == "group" { ours[$2]; n = split($4, names, ","); for (i = 1; i <= n; i++) add($2, names[i]); next }
  file == "spec" && $1 == "user" && $5 != "-" { n = split($5, groups, ","); for (i = 1; i <= n; i++) add(groups[i], $2); next }
  file == "group" && $1 in ours {
    n = split($4, names, ",")
    changed = 0
    for (i = 1; i <= n; i++) {
      if (!(names[i] in were)) add($1, names[i])
      if (!(($1, names[i]) in in_it)) changed = 1
    }
    if (changed || split(list[$1], ignored, ",") != n) print $1 "\t" list[$1]
  }'
awk "$members" file=were "$state/declarative-users" file=debian "$state/distribution-groups" \
  FS=: file=passwd /etc/passwd FS='\t' file=spec "$spec" FS=: file=group /etc/group |
  while IFS=$'\t' read -r group names; do
    gpasswd --members "$names" "$group" || echo "warning: the members of group $group could not be set" >&2
  done

for name in $(comm -23 <(comm -23 "$state/declarative-groups" <(declared group)) "$state/distribution-groups"); do
  getent group "$name" > /dev/null || continue
  echo "removing group ‘$name’" >&2
  groupdel --force "$name" || echo "warning: group ‘$name’ could not be removed" >&2
done

for kind in user group; do declared "$kind" > "$state/declarative-${kind}s"; done
