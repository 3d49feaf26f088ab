//! A reader who follows a page: writes its files, runs its commands, and keeps its server running meanwhile.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tempfile::TempDir;

use super::page::{Block, Page, Step, root};
use crate::support::guest;

/// The ports that the pages name: the server's own, that of its API and that of its probes.
const PORTS: [&str; 3] = ["13254", "13255", "9113"];

/// A wrong page fails the test instead of hanging it. Long enough to compile a guest on a busy machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// The components that pages use without building them.
const GUESTS: [&str; 7] = ["auth", "chat", "counter", "echo", "needy", "refuser", "shop"];

/// The user's runtime folder, within the page's folder.
const RUNTIME: &str = ".runtime";

/// A reader at work. Each page has its own folder and ports.
pub struct Session {
    page: String,
    dir: TempDir,
    /// The free ports that stand for those of the pages.
    ports: [String; 3],
    /// The variables that the page has exported.
    exported: Vec<(String, String)>,
    server: Option<Server>,
}

/// A running server, killed on drop.
struct Server {
    child: Child,
    /// Its stderr, line by line.
    log: Receiver<String>,
}

impl Session {
    /// Follows a page from its beginning to its end. Returns the number of commands that were run.
    pub fn follow(page: &Page) -> usize {
        let mut session = Self::new(page);
        let mut commands = 0;
        for block in page.blocks() {
            if let Some(file) = block.value("file") {
                session.write(file, &block.text);
            }
            if block.is("test") {
                let steps = block.steps();
                commands += steps.len();
                steps.iter().for_each(|step| session.does(step));
            }
            if block.is("log") {
                session.reads_in_the_log(&block);
            }
        }
        commands
    }

    fn new(page: &Page) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        // All are bound at once, so that they differ.
        let free = PORTS.map(|_| TcpListener::bind("127.0.0.1:0").expect("there is a free port"));
        let ports = free.map(|listener| listener.local_addr().expect("it is bound").port().to_string());
        let session = Self { page: page.name.clone(), dir, ports, exported: Vec::new(), server: None };
        for name in GUESTS {
            let to = session.dir.path().join(format!("{name}.wasm"));
            fs::copy(guest(name), to).expect("the guest can be copied");
        }
        // The replacements of the default port, and of the checkout beside a project.
        session.write("ws-host.toml", &format!("port = {}\n", PORTS[0]));
        std::os::unix::fs::symlink(root(), session.dir.path().join("ws-host")).expect("a link can be made");
        // Not the page's own folder: the admin socket would go to its `ws-host`, which is the checkout.
        fs::create_dir(session.dir.path().join(RUNTIME)).expect("a folder can be made");
        session
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.dir.path().join(file);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).expect("the folder can be made");
        fs::write(&path, self.here(text)).expect("the file can be written");
        if path.ends_with("Cargo.toml") {
            // The versions of the tests' guests, which are on this machine.
            fs::copy(root().join("tests/guests/Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file can be copied");
        }
    }

    /// A text of the page with this session's ports.
    fn here(&self, text: &str) -> String {
        PORTS.iter().zip(&self.ports).fold(text.to_owned(), |text, (named, free)| text.replace(named, free))
    }

    fn does(&mut self, step: &Step) {
        let command = self.here(&step.command);
        if let Some(assignment) = command.strip_prefix("export ") {
            return self.exports(assignment);
        }
        let expected: Vec<_> = step.expected.iter().map(|line| self.here(line)).collect();
        let serves = ["ws-host run", "ws-host dev"].iter().any(|serving| command.starts_with(serving));
        let said = if serves && expected.iter().any(|line| line.contains(" is served at ")) {
            self.starts(&command)
        } else {
            self.runs(&command, !expected.is_empty())
        };
        for line in &expected {
            assert!(said.lines().any(|said| matches(line, said)), "{}: `{command}` says\n{line}\nbut not in\n{said}", self.page);
        }
    }

    /// Keeps a variable for the commands that follow. Its value may come from a command.
    fn exports(&mut self, assignment: &str) {
        let (name, value) = assignment.split_once('=').expect("an export has a value");
        let value = self.runs(&format!("printf %s {value}"), false);
        self.exported.push((name.to_owned(), value));
    }

    /// Runs a command that ends. It must succeed if the page shows no output.
    fn runs(&self, command: &str, may_fail: bool) -> String {
        let output = self.shell(&format!("timeout 60 bash -c {}", quoted(command))).output().expect("a shell starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(may_fail || output.status.success(), "{}: `{command}` succeeds:\n{said}", self.page);
        said
    }

    /// Starts a command that serves until the next one does. Returns the line with its address.
    fn starts(&mut self, command: &str) -> String {
        self.server = None;
        let mut child =
            self.shell(&format!("exec {command}")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a shell starts");
        let log = lines(child.stderr.take().expect("its stderr is a pipe"));
        let announcement = lines(child.stdout.take().expect("its stdout is a pipe"));
        let server = self.server.insert(Server { child, log });
        announcement.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let log: Vec<_> = server.log.try_iter().collect();
            panic!("{}: `{command}` serves:\n{}", self.page, log.join("\n"))
        })
    }

    fn reads_in_the_log(&self, block: &Block) {
        let server = self.server.as_ref().expect("a server runs");
        for line in block.text.lines() {
            let line = self.here(line);
            let mut before = Vec::new();
            loop {
                let said = server.log.recv_timeout(PATIENCE);
                let said =
                    said.unwrap_or_else(|_| panic!("{}: the log says\n{line}\nbut only\n{}", self.page, before.join("\n")));
                if said.contains(&line) || matches(&line, &said) {
                    break;
                }
                before.push(said);
            }
        }
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("bash");
        let binaries = Path::new(env!("CARGO_BIN_EXE_ws-host")).parent().expect("the binary is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        shell.args(["-c", command]).current_dir(&self.dir).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", binaries.display())).env("XDG_RUNTIME_DIR", self.dir.path().join(RUNTIME));
        shell.env_remove("RUST_LOG").env_remove("CARGO_TARGET_DIR");
        // The examples are built already, in their own folder.
        if !command.contains("ws-host/guest-examples") {
            shell.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev"));
        }
        shell.envs(self.exported.iter().map(|(name, value)| (name, value)));
        if let Some(server) = &self.server {
            shell.env("PID", server.child.id().to_string());
        }
        shell
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text, quoted as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Reads lines on a thread, so that waiting for a line can time out.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // The session may have ended.
            let _ = send.send(line);
        }
    });
    receive
}

/// Whether a line matches the expected one, in which `...` stands for anything.
pub fn matches(expected: &str, said: &str) -> bool {
    let (expected, said) = (expected.trim_end(), said.trim_end());
    let Some((start, rest)) = expected.split_once("...") else { return expected == said };
    let Some(mut said) = said.strip_prefix(start) else { return false };
    let mut parts: Vec<_> = rest.split("...").collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = said.split_once(part) else { return false };
        said = behind;
    }
    said.ends_with(end)
}
