# What this revision's packages were.
packages:
removeAttrs packages [ "dust" ]
// {
  du-dust = packages.dust // { pname = "du-dust"; mainProgram = "dust"; };
  htop = packages.htop // { debs = [ "bookworm/htop" "bookworm/libnl-3-200" "bookworm/libnl-genl-3-200" ]; };
  jq = packages.jq // { debs = [ "bookworm/jq" "bookworm/libjq1" ]; };
  neofetch = {
    debs = [ "bookworm/neofetch" ];
    description = "Fast, highly customizable system info script";
    license = "mit";
  };
  tree = packages.tree // { debs = [ "bookworm/tree" ]; };
}
