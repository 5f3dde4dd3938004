# Names that this revision has no more, in the words of nixpkgs.
{
  du-dust = throw "'du-dust' has been renamed to/replaced by 'dust'";
  neofetch = throw "'neofetch' has been removed, as it is unmaintained upstream; consider using 'fastfetch' instead";
}
