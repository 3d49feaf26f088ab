//! Building guests.

mod sizes;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::command::{cargo, for_guest, output, run};
use crate::step::{Check, Context, Trouble};
use crate::toolbox::wasm_target;

/// Builds guests with cargo alone.
pub(crate) fn build(context: &Context) -> Check {
    wasm_target(&context.places)?;
    for workspace in context.places.guest_workspaces() {
        run(for_guest(&mut cargo("build --workspace --release --target wasm32-wasip2", &workspace)))?;
    }
    sizes::are_told(&context.places)
}

/// No guest belongs to the host's workspace, and a plain `cargo build` builds the command alone.
pub(crate) fn are_separate(context: &Context) -> Check {
    let metadata = metadata(&context.places.root)?;
    let built = default_members(&metadata);
    if built != ["ws-host-cli"] {
        return Err(Trouble::failed(format!("a plain `cargo build` builds {}, not ws-host-cli alone", built.join(", "))));
    }
    let guests = context.places.guest_workspaces();
    let guest = folders(&metadata).into_iter().find(|package| guests.iter().any(|guests| package.starts_with(guests)));
    guest.map_or(Ok(()), |guest| Err(Trouble::failed(format!("{} belongs to the host's workspace", guest.display()))))
}

fn metadata(workspace: &Path) -> Result<Value, Trouble> {
    let text = output(&mut cargo("metadata --no-deps --format-version 1", workspace))?;
    Ok(serde_json::from_str(&text).context("reading what cargo says about the workspace")?)
}

/// The folders of a workspace's packages.
fn folders(metadata: &Value) -> Vec<PathBuf> {
    let manifests = packages(metadata).filter_map(|package| package["manifest_path"].as_str());
    manifests.filter_map(|manifest| Some(Path::new(manifest).parent()?.to_owned())).collect()
}

/// The names of the packages that cargo builds by default.
fn default_members(metadata: &Value) -> Vec<&str> {
    let ids: Vec<_> = metadata["workspace_default_members"].as_array().into_iter().flatten().collect();
    packages(metadata).filter(|package| ids.contains(&&package["id"])).filter_map(|package| package["name"].as_str()).collect()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_metadata_on_packages_is_read() {
        let text = r#"{
            "packages": [
                { "id": "1", "name": "host", "manifest_path": "/p/host/Cargo.toml" },
                { "id": "2", "name": "chat", "manifest_path": "/p/chat/Cargo.toml" }
            ],
            "workspace_default_members": ["1"]
        }"#;
        let metadata = serde_json::from_str(text).expect("the fixture is JSON");
        assert_eq!(default_members(&metadata), ["host"]);
        assert_eq!(folders(&metadata), [Path::new("/p/host"), Path::new("/p/chat")]);
    }
}
