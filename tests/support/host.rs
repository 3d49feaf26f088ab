//! The real binary, behind a guard that ends it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use super::guests::guest;

/// A running `ws-host`, killed on drop.
pub struct Host {
    child: Child,
    /// `127.0.0.1:40123`, also for a host that listens on `localhost`; the path of one that listens on a Unix socket alone.
    pub address: String,
    /// Its announcement.
    pub announcement: String,
    log: Option<BufReader<ChildStderr>>,
}

impl Host {
    /// `ws-host run` with this guest on a free port.
    pub fn run(name: &str) -> Self {
        Self::run_with(name, &[])
    }

    /// The same, with further arguments.
    pub fn run_with(name: &str, arguments: &[&str]) -> Self {
        let file = guest(name);
        let mut command = command();
        command.arg("run").arg(&file).args(["--port", "0"]).args(arguments);
        Self::start(command)
    }

    /// Starts a command that serves, and waits for its announcement.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ws-host starts");
        let mut announcement = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut announcement).expect("ws-host has a stdout");
        let mut log = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let url = announcement.split_once("WebSocket: ").map_or("", |(_, url)| url.trim_end().trim_end_matches(')'));
        if let Some(path) = url.strip_prefix("ws+unix:") {
            return Self { child, address: path.to_owned(), announcement, log: Some(log) };
        }
        let Some((_, rest)) = url.split_once("://") else {
            let mut text = String::new();
            let _ = log.read_to_string(&mut text);
            panic!("ws-host says where it is, not {announcement:?}; its log:\n{text}");
        };
        let address = rest.split('/').next().expect("split gives one piece at least").replace("localhost:", "127.0.0.1:");
        Self { child, address, announcement, log: Some(log) }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its URL for a path.
    pub fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Reads the log until a line contains this, and returns the line.
    pub fn logs(&mut self, needle: &str) -> String {
        let log = self.logs_up_to(needle);
        log.lines().last().unwrap_or_default().to_owned()
    }

    /// The same, with all lines before it.
    pub fn logs_up_to(&mut self, needle: &str) -> String {
        let mut log = String::new();
        loop {
            let before = log.len();
            let read = self.log().read_line(&mut log).expect("the log is text");
            assert!(read > 0, "the log ended without {needle:?}");
            if log[before..].contains(needle) {
                return log;
            }
        }
    }

    /// The rest of the log, until the process ends.
    pub fn rest_of_log(&mut self) -> String {
        let mut text = String::new();
        self.log().read_to_string(&mut text).expect("the log is text");
        text
    }

    /// Closes the reading end of its stderr.
    pub fn closes_its_stderr(&mut self) {
        drop(self.log.take());
    }

    fn log(&mut self) -> &mut BufReader<ChildStderr> {
        self.log.as_mut().expect("its stderr is still open")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("an address has a port")
    }

    /// The address of a door of the API, which the log tells behind these words.
    pub fn door(&mut self, words: &str) -> String {
        let line = self.logs(words);
        let (_, rest) = line.split_once("http://").expect("the line has the address");
        rest.split('/').next().expect("split gives one piece at least").trim_end().to_owned()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("the process can be waited for")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process.
pub fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// The same command under a service manager that passes this socket as descriptor 3.
pub fn under_a_manager(command: &Command, socket: impl Into<Stdio>) -> Command {
    let mut shell = Command::new("sh");
    shell.stdin(socket).env_remove("RUST_LOG").env("LISTEN_FDNAMES", "web");
    shell.args(["-c", "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\""]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

/// Raises the limit on open files of this process, and of the hosts that it starts, to the system's maximum.
pub fn open_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("a process may go up to its hard limit");
}

/// The binary, without the environment variables that affect its log.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ws-host"));
    command.env_remove("RUST_LOG");
    command
}

/// Runs `ws-host` with invalid arguments, and returns its one line.
pub fn fails(arguments: &[&str]) -> String {
    let mut command = command();
    command.args(arguments);
    if arguments[0] == "run" && !arguments.contains(&"--port") {
        // The default port may be another test's.
        command.args(["--port", "0"]);
    }
    let (line, log) = fails_with_log(&mut command);
    assert_eq!(log, "", "nothing but the line {line:?}");
    line
}

/// Runs an invalid command. Returns its error line, and all lines before it.
pub fn fails_with_log(command: &mut Command) -> (String, String) {
    let output = command.output().expect("ws-host starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "exit code; stderr:\n{stderr}");
    assert!(output.stdout.is_empty(), "nothing on stdout");
    let (line, log): (Vec<_>, Vec<_>) = stderr.split_inclusive('\n').partition(|line| line.starts_with("ws-host: "));
    assert_eq!(line.len(), 1, "one line has the error:\n{stderr}");
    assert!(stderr.ends_with(line[0]), "it is the last:\n{stderr}");
    for trace in ["stack backtrace", "wasm backtrace", "src/main.rs"] {
        assert!(!stderr.contains(trace), "no backtrace:\n{stderr}");
    }
    (line[0].trim_end().to_owned(), log.concat())
}
