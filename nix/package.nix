# The command, with the programs that it calls on its PATH.
{
  lib,
  rustPlatform,
  stdenv,
  installShellFiles,
  makeWrapper,
  coreutils,
  debian-archive-keyring,
  e2fsprogs,
  gnutar,
  mmdebstrap,
  qemu_kvm,
  util-linux,
}:
let
  manifest = lib.importTOML ../Cargo.toml;
in
rustPlatform.buildRustPackage {
  pname = manifest.package.name;
  inherit (manifest.workspace.package) version;

  # What the build reads: an edited document or snapshot builds nothing anew.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../action.yml
      ../Cargo.lock
      ../Cargo.toml
      ../harness
      ../scenarios
      ../vm
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  nativeBuildInputs = [
    installShellFiles
    makeWrapper
  ];

  # The tests want QEMU and a guest; `cargo test` runs them where those are.
  doCheck = false;

  postInstall = ''
    wrapProgram $out/bin/switchproof \
      --prefix PATH : ${
        lib.makeBinPath (
          [
            coreutils
            e2fsprogs
            gnutar
            qemu_kvm
          ]
          ++ lib.optionals stdenv.hostPlatform.isLinux [
            mmdebstrap
            util-linux
          ]
        )
      } \
      --set-default SWITCHPROOF_KEYRING ${debian-archive-keyring}/share/keyrings/debian-archive-keyring.gpg
  ''
  + lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    for shell in bash fish zsh; do
      $out/bin/switchproof completions $shell > switchproof.$shell
    done
    installShellCompletion switchproof.{bash,fish,zsh}
    $out/bin/switchproof man man
    installManPage man/*.1
  '';

  meta = {
    inherit (manifest.package) description;
    license = lib.licenses.mit;
    mainProgram = "switchproof";
    platforms = lib.platforms.linux ++ lib.platforms.darwin;
  };
}
