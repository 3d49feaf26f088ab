//! The folders and files of a checkout.

use std::env;
use std::path::{Path, PathBuf};

/// The folders that steps work in.
#[derive(Debug)]
pub(crate) struct Places {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, where steps put their files too.
    pub(crate) target: PathBuf,
}

impl Places {
    /// The places of this checkout.
    pub(crate) fn find() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().expect("xtask is a folder of the checkout").to_owned();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root, target }
    }

    /// The fuzz targets: a workspace of its own.
    pub(crate) fn fuzz(&self) -> PathBuf {
        self.root.join("fuzz")
    }

    /// The tests with clients of other projects.
    pub(crate) fn foreign(&self) -> PathBuf {
        self.root.join("tests/foreign")
    }

    /// The host's debug binary, which the tests use.
    pub(crate) fn host_binary(&self) -> PathBuf {
        self.target.join("debug/ws-host")
    }

    /// The built example guests.
    pub(crate) fn guests(&self) -> PathBuf {
        self.root.join("guest-examples/target/wasm32-wasip2/release")
    }

    /// The workspaces of guests that exist.
    pub(crate) fn guest_workspaces(&self) -> Vec<PathBuf> {
        let all = ["guest-examples", "tests/guests"].map(|dir| self.root.join(dir));
        all.into_iter().filter(|dir| dir.join("Cargo.toml").is_file()).collect()
    }

    /// The folders that builds fill.
    pub(crate) fn built(&self) -> Vec<PathBuf> {
        let workspaces = self.guest_workspaces().into_iter().chain([self.fuzz()]);
        [self.target.clone()].into_iter().chain(workspaces.map(|workspace| workspace.join("target"))).collect()
    }

    /// A folder under target/ for the files of one step.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }

    /// The folder of tools installed for this checkout alone.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }
}
