# The licences that the channel's packages name.
builtins.mapAttrs
  (
    shortName:
    {
      fullName,
      spdxId ? null,
      free ? true,
    }:
    {
      inherit shortName fullName free;
      redistributable = free;
      deprecated = false;
    }
    // (if spdxId == null then { } else { inherit spdxId; url = "https://spdx.org/licenses/${spdxId}.html"; })
  )
  {
    asl20 = { fullName = "Apache License 2.0"; spdxId = "Apache-2.0"; };
    bsd2 = { fullName = "BSD 2-clause \"Simplified\" License"; spdxId = "BSD-2-Clause"; };
    bsd3 = { fullName = "BSD 3-clause \"New\" or \"Revised\" License"; spdxId = "BSD-3-Clause"; };
    curl = { fullName = "curl License"; spdxId = "curl"; };
    gpl2Only = { fullName = "GNU General Public License v2.0 only"; spdxId = "GPL-2.0-only"; };
    gpl2Plus = { fullName = "GNU General Public License v2.0 or later"; spdxId = "GPL-2.0-or-later"; };
    gpl3Only = { fullName = "GNU General Public License v3.0 only"; spdxId = "GPL-3.0-only"; };
    gpl3Plus = { fullName = "GNU General Public License v3.0 or later"; spdxId = "GPL-3.0-or-later"; };
    isc = { fullName = "ISC License"; spdxId = "ISC"; };
    lgpl21Plus = { fullName = "GNU Lesser General Public License v2.1 or later"; spdxId = "LGPL-2.1-or-later"; };
    lgpl3Plus = { fullName = "GNU Lesser General Public License v3.0 or later"; spdxId = "LGPL-3.0-or-later"; };
    mit = { fullName = "MIT License"; spdxId = "MIT"; };
    mpl20 = { fullName = "Mozilla Public License 2.0"; spdxId = "MPL-2.0"; };
    publicDomain = { fullName = "Public Domain"; };
    unfree = { fullName = "Unfree"; free = false; };
    unfreeRedistributable = { fullName = "Unfree redistributable"; free = false; };
    unlicense = { fullName = "The Unlicense"; spdxId = "Unlicense"; };
    vim = { fullName = "Vim License"; spdxId = "Vim"; };
    zlib = { fullName = "zlib License"; spdxId = "Zlib"; };
  }
