# Which release of nixpkgs this revision of the channel stands in for.
{
  release = "25.11";
  versionSuffix = "pre-pocket";
  codeName = "Pocket";
}
