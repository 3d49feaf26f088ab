//! Guests in JavaScript and in C: the examples and the fixtures, built as a developer would, under the tests for every language.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::command::{cargo, command, run};
use crate::places::Places;
use crate::step::{Check, Context};
use crate::toolbox;

/// The tests that every language must pass.
const TESTS: &str = "test --workspace --test integration -- --ignored";

/// The SDK's own tests and those of the client's library, the types of the example, and the tests for every language, with components that the SDK builds.
pub(crate) fn javascript(context: &Context) -> Check {
    let places = &context.places;
    let sdk = places.root.join("sdk/js");
    toolbox::node_packages(&sdk)?;
    for folder in ["npm", "graphql"] {
        toolbox::pinned_packages(&places.root.join("tests/guests-js").join(folder))?;
    }
    run(command("npm", &sdk).args(["test", "--silent"]))?;
    run(command("npm", &places.root.join("client")).args(["test", "--silent"]))?;
    run(command(sdk.join("node_modules/.bin/tsc"), &places.root).args(["--project", "guest-examples/javascript"]))?;
    let mut packages = command("node", &places.root);
    run(packages.args(["sdk/js/test/packages/run.mjs", "--together"]).env("WS_HOST", places.host_binary()))?;
    let components = made(places, "guests-js")?;
    for (name, module) in [
        ("probe", "tests/guests-js/probe.js"),
        ("web", "tests/guests-js/web.js"),
        ("graphql", "tests/guests-js/graphql/server.js"),
        ("chat", "guest-examples/javascript/src/index.js"),
        ("wall", "guest-examples/wall/javascript/index.js"),
        ("bot", "guest-examples/bot/javascript/index.js"),
    ] {
        let component = components.join(format!("{name}.wasm"));
        let mut build = command("node", &places.root);
        run(build.args(["sdk/js/bin/ws-host-guest.mjs", "build", module, "--out"]).arg(&component))?;
        compile(places, &component)?;
    }
    let mut tests = cargo(TESTS, &places.root);
    run(tests.args(["javascript::", "javascript_install::"]).env("GUESTS_JS", components))
}

/// The same for C.
pub(crate) fn c(context: &Context) -> Check {
    let places = &context.places;
    let environment = toolbox::zig(places)?;
    let components = made(places, "guests-c")?;
    for (name, project) in [("probe", "tests/guests-c/probe"), ("chat", "guest-examples/c"), ("wall", "guest-examples/wall/c")] {
        let component = components.join(format!("{name}.wasm"));
        let mut build = command(places.host_binary(), &places.root);
        run(build.args(["build", project, "--out"]).arg(&component).env("VIRTUAL_ENV", &environment))?;
        compile(places, &component)?;
    }
    let mut tests = cargo(TESTS, &places.root);
    run(tests.arg("c::").env("GUESTS_C", components))
}

fn made(places: &Places, name: &str) -> Result<PathBuf, crate::step::Trouble> {
    use anyhow::Context as _;
    let folder = places.scratch(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}

/// Compiles a component into the cache, since many tests at once would each compile it.
fn compile(places: &Places, component: &Path) -> Check {
    run(command(places.host_binary(), &places.root).args(["inspect", "--json"]).arg(component).stdout(Stdio::null()))
}
