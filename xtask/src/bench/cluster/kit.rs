//! The tools of the measurement: NATS, the guests, and the other systems.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::system::System;
use crate::command::{command, output, works};
use crate::places::Places;
use crate::step::{Check, Trouble};
use crate::toolbox;

/// Tools that are installed.
#[derive(Debug)]
pub(super) struct Kit<'a> {
    pub(super) places: &'a Places,
    /// The NATS server.
    pub(super) nats: PathBuf,
    /// Whether Socket.IO with Redis can run here.
    has_socket_io: bool,
}

impl<'a> Kit<'a> {
    /// Installs everything. Socket.IO may be missing.
    pub(super) fn ready(places: &'a Places) -> Result<Self, Trouble> {
        let mut kit = Self { places, nats: toolbox::nats_server(places)?, has_socket_io: true };
        if let Err(Trouble::Failed(why) | Trouble::Missing(why)) = kit.other_system() {
            println!("Socket.IO is left out: {why}");
            kit.has_socket_io = false;
        }
        Ok(kit)
    }

    fn other_system(&self) -> Check {
        toolbox::node_packages(&self.socket_io())?;
        toolbox::redis_server()
    }

    /// The folder of the server of Socket.IO.
    pub(super) fn socket_io(&self) -> PathBuf {
        self.places.root.join("bench/peers/socket-io")
    }

    /// Those of these systems that can run here.
    pub(super) fn systems(&self, all: &[System]) -> Vec<System> {
        let is_ready = |system: &&System| self.has_socket_io || matches!(system, System::Alone | System::Cluster(_));
        all.iter().filter(is_ready).copied().collect()
    }

    /// A guest of the tests.
    pub(super) fn guest(&self, name: &str) -> PathBuf {
        self.places.root.join(format!("tests/guests/target/wasm32-wasip2/release/{name}.wasm"))
    }

    /// The guest that echoes.
    pub(super) fn echo(&self) -> PathBuf {
        self.places.guests().join("echo.wasm")
    }

    /// The versions of the other programs, by their names.
    pub(super) fn versions(&self) -> Vec<(&'static str, Value)> {
        let said = |program: &Path| {
            output(command(program, &self.places.root).arg("--version"))
                .map_or("unknown".to_owned(), |text| text.trim().to_owned())
        };
        let mut versions = vec![("nats-server", json!(said(&self.nats).replace("nats-server: ", "")))];
        if self.has_socket_io && works(command("redis-server", &self.places.root).arg("--version")) {
            let redis = said(Path::new("redis-server"));
            let redis = redis.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("unknown").to_owned();
            let manifest = std::fs::read_to_string(self.socket_io().join("package.json")).unwrap_or_default();
            let manifest: Value = serde_json::from_str(&manifest).unwrap_or_default();
            versions.extend(["socket.io", "@socket.io/redis-adapter"].map(|name| (name, manifest["dependencies"][name].clone())));
            versions.extend([("Redis", json!(redis)), ("Node", json!(said(Path::new("node"))))]);
        }
        versions
    }
}
