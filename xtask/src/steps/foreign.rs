//! Tests of the real binary by clients of other projects.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::command::{command, run};
use crate::places::Places;
use crate::step::{Check, Context};
use crate::toolbox;

/// Python's `websockets`, and the clients' library that is built on it.
pub(crate) fn python(context: &Context) -> Check {
    let places = &context.places;
    let python = toolbox::websockets(places)?;
    let mut library = command(&python, &places.root.join("client/python"));
    library.args(["-m", "unittest", "discover", "--start-directory", "tests"]).env("PYTHONPATH", "src");
    run(against_host(&mut library, places))?;
    let mut tests = command(python, &places.foreign().join("python"));
    tests.args(["-m", "unittest", "discover", "--verbose"]);
    run(against_host(&mut tests, places))
}

/// schemathesis on the API.
pub(crate) fn api(context: &Context) -> Check {
    let places = &context.places;
    let folder = places.foreign().join("api");
    let python = toolbox::python_packages(places, "foreign-api", &folder.join("requirements.txt"))?;
    run(against_host(command(python, &folder).arg("run.py"), places))
}

/// Node's `ws`.
pub(crate) fn node(context: &Context) -> Check {
    let places = &context.places;
    let mut tests = toolbox::node_tests(places, "node")?;
    run(against_host(&mut tests, places))
}

/// Chromium on the served page.
pub(crate) fn browser(context: &Context) -> Check {
    let places = &context.places;
    let chromium = toolbox::chromium()?;
    let mut tests = toolbox::node_tests(places, "browser")?;
    let screenshots = places.scratch("browser");
    empty(&screenshots)?;
    tests.env("CHROMIUM", chromium).env("SCREENSHOTS", screenshots);
    run(against_host(&mut tests, places))
}

/// The Autobahn suite. Its report stays under target/autobahn.
pub(crate) fn autobahn(context: &Context) -> Check {
    let places = &context.places;
    let environment = toolbox::autobahn(places)?;
    let report = places.scratch("autobahn");
    empty(&report)?;
    let folder = places.foreign().join("autobahn");
    let python3 = environment.join("bin/python");
    run(command(&python3, &folder).args(["-m", "unittest", "test_verdict"]))?;
    let mut suite = command(&python3, &folder);
    suite.arg("run.py").arg("--suite").arg(environment.join("python2/bin/wstest")).arg("--report").arg(report);
    suite.args(["--cases", context.options.autobahn.name()]);
    run(against_host(&mut suite, places))
}

/// Tells a script which host to start, and the folder of the guests.
fn against_host<'a>(script: &'a mut Command, places: &Places) -> &'a mut Command {
    script.env("WS_HOST", places.host_binary()).env("GUESTS", places.guests())
}

fn empty(folder: &Path) -> Check {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(())
}
