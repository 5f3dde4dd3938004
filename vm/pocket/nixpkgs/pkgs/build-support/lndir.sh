# lndir [-silent] [-ignorelinks] FROM [TO]: TO becomes a tree of directories
# whose files are links into FROM.
ignorelinks=""
while [[ ${1-} == -* ]]; do
  [[ $1 == -ignorelinks ]] && ignorelinks=1
  shift
done
from=$1
to=${2-.}
cd "$from" || exit 1
mkdir -p "$to"
if [[ $ignorelinks ]]; then
  find . -mindepth 1 -type d -printf '%P\0'
else
  find -L . -mindepth 1 -type d -printf '%P\0'
fi | while IFS= read -r -d '' dir; do mkdir -p "$to/$dir"; done
if [[ $ignorelinks ]]; then
  find . -mindepth 1 ! -type d -printf '%P\0'
else
  find -L . -mindepth 1 ! -type d -printf '%P\0'
fi | while IFS= read -r -d '' file; do
  [[ -e $to/$file || -L $to/$file ]] || ln -s "$from/$file" "$to/$file"
done
