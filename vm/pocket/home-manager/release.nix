# Which release of Home Manager this channel stands in for.
{
  release = "26.05";
  isReleaseBranch = true;
}
