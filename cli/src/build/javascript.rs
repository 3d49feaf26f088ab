//! Builds a guest in JavaScript or TypeScript with the SDK's `ws-host-guest build`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use super::shown::{copied, without_colours};
use super::{Language, NotBuilt, unknown_inputs};

/// Projects in JavaScript and TypeScript.
pub(super) const JAVASCRIPT: Language =
    Language { name: "JavaScript", signs: &[MANIFEST], prepare, build, is_source, inputs: unknown_inputs };

const MANIFEST: &str = "package.json";

/// The SDK's command, as npm installs it.
const TOOL: &str = "node_modules/ws-host-guest/bin/ws-host-guest.mjs";

/// The component, below the project. Its folder is hidden, so it is not watched as a source.
const COMPONENT: &str = ".ws-host/app.wasm";

/// The module with the handlers, if `main` in the package.json names none.
const USUAL: [&str; 2] = ["src/index.ts", "src/index.js"];

fn prepare(dir: &Path) -> anyhow::Result<()> {
    module(dir)?;
    let node = Command::new("node").arg("--version").stdin(Stdio::null()).output();
    if !node.is_ok_and(|version| version.status.success()) {
        bail!("cannot run node. Install Node.js 20 or newer, with npm, then run this again");
    }
    if !dir.join(TOOL).is_file() || !dir.join("node_modules/esbuild").is_dir() {
        bail!("{0} lacks its packages. Install them: npm install --prefix {0}", dir.display());
    }
    Ok(())
}

/// Returns the module with the handlers, relative to the project.
fn module(dir: &Path) -> anyhow::Result<String> {
    let file = dir.join(MANIFEST);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let manifest: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    let named = manifest["main"].as_str().map(str::to_owned);
    let usual = || USUAL.into_iter().find(|file| dir.join(file).is_file()).map(str::to_owned);
    let found = named.or_else(usual).filter(|module| dir.join(module).is_file());
    found.with_context(|| {
        format!("{} has no module with handlers: name it as `main`, or call it {}", file.display(), USUAL.join(" or "))
    })
}

fn build(dir: &Path) -> Result<PathBuf, NotBuilt> {
    tracing::info!("building {} with ws-host-guest", dir.display());
    let failed = |error: anyhow::Error| NotBuilt::new(format!("{} did not build: {error:#}", dir.display()));
    let module = module(dir).map_err(failed)?;
    let component = dir.join(COMPONENT);
    fs::create_dir_all(component.parent().unwrap_or(dir)).context("cannot make the folder .ws-host").map_err(failed)?;
    let mut command = Command::new("node");
    command.args([TOOL, "build", &module, "--out", COMPONENT]).current_dir(dir);
    let mut build = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let build = build.as_mut().map_err(|error| NotBuilt::new(format!("cannot run node: {error}")))?;
    let diagnostics = build.stderr.take().map(copied).unwrap_or_default();
    if build.wait().context("cannot wait for node").map_err(failed)?.success() {
        return Ok(component);
    }
    let line = format!("{} did not build (see above)", dir.display());
    Err(NotBuilt { line, diagnostics: without_colours(&diagnostics) })
}

fn is_source(below: &Path) -> bool {
    let is_package = below.components().any(|part| part.as_os_str() == "node_modules");
    let ends = ["js", "mjs", "cjs", "ts", "mts", "json", "jsx", "tsx"];
    !is_package
        && below.extension().is_some_and(|end| ends.iter().any(|one| end == *one))
        && !below.ends_with("package-lock.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_bundled_are_sources_and_files_of_npm_are_not() {
        assert!(["src/index.ts", "src/words.json", MANIFEST].iter().all(|path| is_source(Path::new(path))));
        let others = ["node_modules/x/index.js", "package-lock.json", "app.wasm", "README.md"];
        assert!(!others.iter().any(|path| is_source(Path::new(path))));
    }
}
