# Which release of nixpkgs this revision of the channel stands in for.
{
  release = "24.05";
  versionSuffix = "pre-pocket";
  codeName = "Pocket";
}
