# Makes a package of the channel from .deb files.
#
# The .deb files and patchelf lie in /var/cache/switchproof-pocket, which is
# there only while a guest image is built. A variant of a built package
# ($base, from overrideAttrs) is made from that package instead.
set -eu
export PATH=/usr/bin:/bin
shopt -s nullglob
cache=/var/cache/switchproof-pocket
prefix=$out

elf() { # is it an ELF file?
  local magic
  IFS= read -r -N 4 magic <"$1" 2>/dev/null || return 1
  [[ $magic == $'\x7fELF' ]]
}

if [[ -n ${base-} ]]; then
  cp -r --no-preserve=mode,ownership "$base" "$out"
  (cd "$base" && find . -type f -perm -100 -print0) | (cd "$out" && xargs -0r chmod +x)
  cd "$out"
  eval "${postInstall-}"
  exit 0
fi

if [[ ! -d $cache/debs ]]; then
  echo "$name is made of Debian packages, which are present only while a guest image is built" >&2
  echo "and should have been built then. Rebuild the image." >&2
  exit 1
fi

root=$NIX_BUILD_TOP/root
mkdir -p "$root"
if [[ $kind == libs ]]; then
  cd "$cache/debs"
  list=$cache/libs.sha256
  [[ $(sha256sum <"$list") == "$libs  -" ]] || { echo "the list of library packages has changed" >&2; exit 1; }
  sha256sum --quiet -c "$list"
  cut -c67- "$list" | xargs -P2 -n 8 sh -c 'for deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "'"$root"'" --no-same-owner --no-same-permissions --exclude="./usr/share/*" --exclude="./etc/*" --exclude="./usr/include/*" 2>/dev/null || exit 255; done' sh
else
  for entry in $debs; do
    sum=${entry%%:*} deb=${entry#*:}
    echo "$sum  $cache/debs/$deb" | sha256sum --quiet -c -
    dpkg-deb --fsys-tarfile "$cache/debs/$deb" | tar -x -C "$root" --no-same-owner --no-same-permissions
  done
fi

# A program that only links to its namesake in another folder would lead to itself where the folders are one.
for link in "$root"/{usr/bin,bin,usr/sbin,sbin}/*; do
  [[ -L $link ]] || continue
  for file in "$root"/{usr/bin,bin,usr/sbin,sbin}/"${link##*/}"; do
    [[ -L $file || ! -f $file ]] || rm -f "$link"
  done
done
# /usr and / are one; a Nix package has no games, and sbin is another name of bin.
mkdir -p "$out"
merge() { [[ -d $1 ]] || return 0; mkdir -p "$2"; cp -a "$1/." "$2/"; rm -rf "$1"; }
merge "$root/usr/bin" "$out/bin"
merge "$root/bin" "$out/bin"
[[ ! -d $root/usr/sbin && ! -d $root/sbin ]] || { mkdir -p "$out/bin"; ln -s bin "$out/sbin"; }
merge "$root/usr/sbin" "$out/bin"
merge "$root/sbin" "$out/bin"
merge "$root/usr/games" "$out/bin"
for triplet in "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu; do merge "$triplet" "$out/lib"; done
merge "$root/usr/lib" "$out/lib"
merge "$root/lib" "$out/lib"
merge "$root/usr/libexec" "$out/libexec"
merge "$root/usr/share" "$out/share"
case " $keep " in *" etc "*) merge "$root/etc" "$out/etc" ;; esac
for drop in doc doc-base lintian bug menu locale info reportbug perl5 metainfo apport; do
  case " $keep " in *" $drop "*) ;; *) rm -rf "$out/share/$drop" ;; esac
done
case " $keep " in *" systemd "*) ;; *) rm -rf "$out/lib/systemd" ;; esac
rm -rf "$out/lib/mime" "$out/lib/debug"
chmod -R u+w "$out"
cd "$out"

# Links that point to places of a Debian system point into this package.
find . -type l | while IFS= read -r link; do
  target=$(readlink "$link")
  case $target in
    /usr/lib/*-linux-gnu/*) to=$out/lib/${target#/usr/lib/*-linux-gnu/} ;;
    /usr/*) to=$out/${target#/usr/} ;;
    /lib/* | /bin/*) to=$out$target ;;
    /*) to="" ;;
    *) to=$(realpath -ms "$(dirname "$link")/$target"); [[ $to == "$out"/* ]] || to="" ;;
  esac
  if [[ -n $to && ( -e $to || -L $to ) ]]; then
    [[ $target != /* ]] || ln -sfn "$to" "$link"
  elif [[ -n $to && $kind == libs ]]; then
    :
  else
    rm "$link"
  fi
done

if [[ $kind == libs ]]; then
  # One flat place to look in; libraries that bring a search path of their own get ours before it, and in it the folders of
  # this package.
  rm -rf bin libexec share
  find . -name '*.so*' -type f -print0 | xargs -0 -P2 -n 40 sh -c '
    for f; do
      rpath=$('"$cache"'/tools/patchelf --print-rpath "$f" 2>/dev/null) || continue
      [ -n "$rpath" ] || continue
      rpath=$(printf "%s" "$rpath" | sed "s,/usr/lib/[^/:]*-linux-gnu,$out/lib,g")
      '"$cache"'/tools/patchelf --force-rpath --set-rpath "$out/lib:$rpath" "$f"
    done' sh
  exit 0
fi

for pair in $rename; do
  [[ -e bin/${pair%%=*} || -L bin/${pair%%=*} ]] && mv "bin/${pair%%=*}" "bin/${pair#*=}"
done
if [[ -n $programs ]]; then
  for f in bin/*; do
    case " $programs " in *" ${f#bin/} "*) ;; *) rm "$f" ;; esac
  done
fi

# Programs find their loader and their libraries in the store; DT_RPATH also counts for what those libraries need in
# turn. The C library itself stays as it is.
: "${libc:=$out}"
loader=$(echo "$libc"/lib/ld-linux-*.so.*)
find . -type f \( -perm -100 -o -name '*.so*' \) | while IFS= read -r f; do
  elf "$f" || continue
  [[ $pname != glibc || $f != ./lib/* ]] || continue
  if "$cache/tools/patchelf" --print-interpreter "$f" >/dev/null 2>&1; then
    "$cache/tools/patchelf" --force-rpath --set-rpath "$out/lib:$out/lib/$pname:$libs/lib:$(realpath "$(dirname "$f")"):$libc/lib" "$f"
    # Both at once breaks programs that are linked for a fixed address.
    "$cache/tools/patchelf" --set-interpreter "$loader" "$f"
  elif [[ -n $("$cache/tools/patchelf" --print-rpath "$f" 2>/dev/null) ]]; then
    "$cache/tools/patchelf" --force-rpath --set-rpath "$out/lib:$out/lib/$pname:$libs/lib" "$f" || true
  fi
done

eval "$postInstall"

if [[ -n $wrapperEnv$wrapperPath ]]; then
  for f in bin/*; do
    [[ -f $f && -x $f ]] || continue
    b=${f#bin/}
    if [[ -L $f ]]; then continue; fi
    mv "$f" "bin/.$b-wrapped"
    {
      # Under the name it was called by: what a program does may depend on it, as with vimdiff.
      echo "#!${bash:-/bin/bash}"
      [[ -z $wrapperEnv ]] || while IFS='=' read -r var path; do echo "export $var='$out/$path'"; done <<<"$wrapperEnv"
      [[ -z $wrapperPath ]] || echo "export PATH='$wrapperPath'\${PATH:+:\$PATH}"
      echo "exec -a \"\$0\" '$out/bin/.$b-wrapped' \"\$@\""
    } >"$f"
    chmod +x "$f"
  done
fi
exit 0
