# suggest OLD NEW [templates]: reloads the user's service manager, and says which commands start, restart and stop the services
# in which two generations differ. OLD is empty where there is no generation before. Templates count as services if asked.
set -u
old=$1/home-files/.config/systemd/user new=$2/home-files/.config/systemd/user templates=${3-}
if [[ -v DRY_RUN ]]; then echo systemctl --user daemon-reload; else systemctl --user daemon-reload; fi

servicesIn() {
  local unit
  for unit in "$1"/*.service; do
    [[ -e $unit || -L $unit ]] || continue
    [[ -z $templates && $unit == *@.service ]] || echo "${unit##*/}"
  done | sort
}
allows() { [[ $(systemctl --user show -p "RefuseManual$1" "$2") == *=no ]]; }
[[ -n $1 ]] || old=/nonexistent

restart=() stop=() start=()
for unit in $(comm -12 <(servicesIn "$old") <(servicesIn "$new")); do
  if allows Stop "$unit" && allows Start "$unit" && systemctl --quiet --user is-active "$unit" &&
    ! cmp --quiet "$old/$unit" "$new/$unit"; then restart+=("$unit"); fi
done
for unit in $(comm -23 <(servicesIn "$old") <(servicesIn "$new")); do
  if allows Stop "$unit"; then stop+=("$unit"); fi
done
for unit in $(comm -13 <(servicesIn "$old") <(servicesIn "$new")); do
  if allows Start "$unit"; then start+=("$unit"); fi
done

((${#restart[@]} + ${#stop[@]} + ${#start[@]})) || exit 0
echo "Suggested commands:"
((!${#restart[@]})) || echo -e "systemctl --user restart ${restart[*]}"
((!${#stop[@]})) || echo -e "systemctl --user stop ${stop[*]}"
((!${#start[@]})) || echo -e "systemctl --user start ${start[*]}"
