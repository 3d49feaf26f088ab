//! A network of its own for a process, so that it can be cut off from one part of the world and not from another.
//!
//! It needs root and the command `ip`.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A network namespace with two lines to this one. It is removed on drop.
pub struct Namespace {
    name: String,
    /// The addresses of the two ends of each line: there and here.
    clients: Line,
    nats: Line,
}

struct Line {
    device: String,
    there: String,
    here: String,
}

impl Namespace {
    /// Makes one.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Other processes of tests may make some too.
        let name = format!("ws{}-{number}", std::process::id());
        ip(&["netns", "add", &name]);
        // Made first, so that it is removed if the rest fails.
        let line = |kind: &str, third: u32| Line {
            device: format!("{kind}{}-{number}", std::process::id()),
            there: format!("10.{}.{third}.2", 128 + std::process::id() % 100),
            here: format!("10.{}.{third}.1", 128 + std::process::id() % 100),
        };
        let namespace = Self { clients: line("wc", number * 2), nats: line("wn", number * 2 + 1), name };
        namespace.inside(&["link", "set", "lo", "up"]);
        for line in [&namespace.clients, &namespace.nats] {
            let (here, there) = (line.device.as_str(), format!("{}p", line.device));
            ip(&["link", "add", here, "type", "veth", "peer", "name", &there, "netns", &namespace.name]);
            ip(&["addr", "add", &format!("{}/30", line.here), "dev", here]);
            ip(&["link", "set", here, "up"]);
            namespace.inside(&["addr", "add", &format!("{}/30", line.there), "dev", &there]);
            namespace.inside(&["link", "set", &there, "up"]);
        }
        namespace
    }

    /// The address, outside, where NATS has to listen to be reached from inside.
    pub fn nats_address(&self) -> &str {
        &self.nats.here
    }

    /// The address, inside, where a server has to listen to be reached by clients outside.
    pub fn clients_address(&self) -> &str {
        &self.clients.there
    }

    /// The same command inside.
    pub fn command(&self, command: &Command) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.name]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }

    /// Cuts the line to NATS: no packet passes, and no end is told of it.
    pub fn is_cut_off(&self) {
        ip(&["link", "set", &self.nats.device, "down"]);
    }

    /// Mends the line to NATS.
    pub fn is_back(&self) {
        ip(&["link", "set", &self.nats.device, "up"]);
    }

    fn inside(&self, words: &[&str]) {
        ip(&[&["-netns", &self.name], words].concat());
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The lines go with it.
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

fn ip(words: &[&str]) {
    let output = Command::new("ip").args(words).output().expect("the command `ip` is installed");
    assert!(output.status.success(), "ip {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
}
