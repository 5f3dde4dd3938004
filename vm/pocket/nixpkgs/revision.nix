# Which release of nixpkgs this channel stands in for.
{
  release = "26.05";
  versionSuffix = "pre-pocket";
  codeName = "Pocket";
}
