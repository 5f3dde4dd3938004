# Which release of Home Manager this revision of the channel stands in for.
{
  release = "25.11";
  isReleaseBranch = true;
}
