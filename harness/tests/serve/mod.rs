//! A file server on the loopback of this computer, and runs of cases whose guests reach it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use switchproof::host_context::{HostContext, Limits};
use switchproof::judge::{SnapshotMode, Verdict};
use switchproof::language::{load, render_text};
use switchproof::report::{PlainSink, Telling};
use switchproof::run::Options;
use switchproof_vm::cache_dir::CacheDir;
use switchproof_vm::image::{definition, ensure};

/// Serves the files of a folder over HTTP on the loopback, as long as the process lives; says at which port.
pub fn serve(folder: &Path) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // A client that goes away is nobody's concern.
            std::thread::spawn(move || answer(stream, &folder).ok());
        }
    });
    port
}

/// One request, one answer, and the connection ends.
fn answer(stream: TcpStream, folder: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(&stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let mut words = request.split(' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let path = path.trim_start_matches('/');
    let content = match path.contains("..") {
        true => Err(io::ErrorKind::NotFound.into()),
        false => fs::read(folder.join(path)),
    };
    let (status, body) = match content {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let mut out = &stream;
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method != "HEAD" {
        out.write_all(&body)?;
    }
    out.flush()
}

/// The verdicts of all cases of a folder of scenarios.
pub fn run(scenarios: &Path) -> BTreeMap<String, Verdict> {
    let cases =
        load(&[scenarios.to_owned()]).unwrap_or_else(|found| panic!("{}", render_text(&found)));
    let host = HostContext::open(Limits::default()).unwrap();
    let plan = host.plan(cases);
    let all = (0..plan.cases.len()).collect();
    let sink = Mutex::new(PlainSink::new(io::stderr(), Telling::Everything));
    let options = Options::new(SnapshotMode::Compare);
    let verdicts = host.run(&plan, &all, &options, &sink, &|_, _| {});
    let named = verdicts
        .into_iter()
        .map(|(case, verdict)| (plan.cases[case].id.clone(), verdict));
    named.collect()
}

/// Copies a project of the pocket channel, as the guest image has it, into a folder.
pub fn take_of_image(project: &str, folder: &Path) {
    let cache = CacheDir::from_environment().unwrap();
    let image = ensure(&cache, &definition(), &mut |_| {}).unwrap();
    let dump = format!(
        "rdump /etc/switchproof/pocket/{project} {}",
        folder.display()
    );
    must(Command::new("debugfs").args(["-R", &dump]).arg(&image.root));
}

/// Packs a folder as an archive of a branch is: what is in it below a folder of its name.
pub fn pack(archive: &Path, folder: &Path) {
    let name = folder.file_name().unwrap();
    let mut tar = Command::new("tar");
    tar.arg("--exclude=.git").arg("-czf").arg(archive);
    must(tar.arg("-C").arg(folder.parent().unwrap()).arg(name));
}

/// Runs a program, which must succeed, and says what it printed.
pub fn must(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
