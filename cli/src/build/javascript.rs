//! Builds a guest in JavaScript or TypeScript with the SDK's `ws-host-guest build`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use super::shown::{copied, without_colours};
use super::{Language, NotBuilt, Purpose, other_sdk, unknown_inputs};

/// Projects in JavaScript and TypeScript.
pub(super) const JAVASCRIPT: Language =
    Language { name: "JavaScript", signs: &[MANIFEST], prepare, build, has_lines: false, is_source, inputs: unknown_inputs };

const MANIFEST: &str = "package.json";

/// The SDK's package, and its command within it.
const SDK: &str = "ws-host-guest";
const TOOL: &str = "bin/ws-host-guest.mjs";

/// The packages that the command needs.
const TOOLS: [&str; 2] = ["esbuild", "componentize-qjs"];

/// The oldest Node.js that runs the command.
const OLDEST_NODE: u32 = 20;

/// The component, below the project. Its folder is hidden, so it is not watched as a source.
const FOLDER: &str = ".ws-host";
const COMPONENT: &str = ".ws-host/app.wasm";

/// The module with the handlers, if `main` in the package.json names none.
const USUAL: [&str; 2] = ["src/index.ts", "src/index.js"];

fn prepare(dir: &Path) -> anyhow::Result<()> {
    module(dir)?;
    let node = Command::new("node").arg("--version").stdin(Stdio::null()).output();
    let Some(version) = node.ok().filter(|node| node.status.success()) else {
        bail!("cannot run node. Install Node.js {OLDEST_NODE} or newer, with npm, then run this again");
    };
    check(&String::from_utf8_lossy(&version.stdout))?;
    tool(dir)?;
    Ok(())
}

/// Checks the version of Node.js, such as `v20.19.2`.
fn check(version: &str) -> anyhow::Result<()> {
    let version = version.trim().trim_start_matches('v');
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST_NODE) {
        bail!("node is version {version}, which is too old. Install Node.js {OLDEST_NODE} or newer, then run this again");
    }
    Ok(())
}

/// Finds the SDK's command, and checks that its packages are installed.
fn tool(dir: &Path) -> anyhow::Result<PathBuf> {
    let Some(sdk) = package(dir, SDK) else {
        bail!("{0} lacks its packages. Install them: npm install --prefix {0}", dir.display());
    };
    // Node.js looks for the packages of a linked SDK beside the real one.
    let real = sdk.canonicalize().with_context(|| format!("cannot read {}", sdk.display()))?;
    let missing = TOOLS.into_iter().find(|tool| package(&real, tool).is_none());
    match missing {
        None => Ok(real.join(TOOL)),
        Some(missing) if real.components().any(|part| part.as_os_str() == "node_modules") => {
            bail!("{0} lacks the package {missing}. Install it: npm install --prefix {0}", dir.display())
        }
        Some(missing) => {
            let (shown, real) = (dir.display(), real.display());
            bail!(
                "{shown} links to the SDK in {real}, which lacks the package {missing}. Install it: npm install --prefix {real}"
            )
        }
    }
}

/// Finds a package as Node.js does: in the folder `node_modules` of a directory or of one above it.
fn package(from: &Path, name: &str) -> Option<PathBuf> {
    let from = std::path::absolute(from).ok()?;
    from.ancestors().map(|folder| folder.join("node_modules").join(name)).find(|package| package.is_dir())
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

fn build(dir: &Path, _: Purpose) -> Result<PathBuf, NotBuilt> {
    tracing::info!("building {} with ws-host-guest", dir.display());
    let failed = |error: anyhow::Error| NotBuilt::new(format!("{} did not build: {error:#}", dir.display()));
    let module = module(dir).map_err(failed)?;
    let component = dir.join(COMPONENT);
    fs::create_dir_all(component.parent().unwrap_or(dir)).context("cannot make the folder .ws-host").map_err(failed)?;
    let mut command = Command::new("node");
    command.arg(tool(dir).map_err(failed)?).args(["build", &module, "--out", COMPONENT, "--cache", FOLDER]).current_dir(dir);
    let mut build = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let build = build.as_mut().map_err(|error| NotBuilt::new(format!("cannot run node: {error}")))?;
    let diagnostics = build.stderr.take().map(copied).unwrap_or_default();
    let mut said = String::new();
    // Without this line the component is that of an earlier build.
    build
        .stdout
        .take()
        .map(|mut stdout| stdout.read_to_string(&mut said))
        .transpose()
        .context("cannot read from node")
        .map_err(failed)?;
    let status = build.wait().context("cannot wait for node").map_err(failed)?;
    if status.success() && said.lines().last().is_some_and(|line| line.starts_with(COMPONENT)) {
        return Ok(component);
    }
    let line = other_sdk::line(dir, status, &diagnostics);
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
    fn an_old_node_is_refused_in_one_line() {
        let told = check("v18.20.4\n").expect_err("it is too old").to_string();
        assert_eq!(told, "node is version 18.20.4, which is too old. Install Node.js 20 or newer, then run this again");
        assert!(["v20.0.0\n", "v24.11.1\n", "a version of the future"].iter().all(|version| check(version).is_ok()));
    }

    #[test]
    fn packages_are_found_where_node_finds_them() {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let make = |path: &str| fs::create_dir_all(root.path().join(path)).expect("a folder can be made");
        let (project, sdk) = (root.path().join("apps/chat"), root.path().join("apps/chat/node_modules/ws-host-guest"));
        ["apps/chat/node_modules", "sdk", "node_modules/esbuild"].iter().for_each(|path| make(path));
        let told = |what: &str| tool(&project).expect_err(what).to_string();
        assert!(told("the SDK is missing").contains("lacks its packages. Install them: npm install --prefix "));
        std::os::unix::fs::symlink("../../../sdk", &sdk).expect("a link can be made");
        let real = root.path().canonicalize().expect("the folder exists").join("sdk");
        let told = told("the linked SDK lacks a package");
        assert!(told.contains("lacks the package componentize-qjs. Install it: npm install --prefix "), "{told}");
        assert!(told.ends_with(&real.display().to_string()), "{told}");
        make("node_modules/componentize-qjs");
        assert_eq!(tool(&project).expect("all is there"), real.join(TOOL));
    }

    #[test]
    fn files_that_are_bundled_are_sources_and_files_of_npm_are_not() {
        assert!(["src/index.ts", "src/words.json", MANIFEST].iter().all(|path| is_source(Path::new(path))));
        let others = ["node_modules/x/index.js", "package-lock.json", "app.wasm", "README.md"];
        assert!(!others.iter().any(|path| is_source(Path::new(path))));
    }
}
