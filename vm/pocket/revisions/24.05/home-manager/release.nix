# Which release of Home Manager this revision of the channel stands in for.
{
  release = "24.05";
  isReleaseBranch = true;
}
