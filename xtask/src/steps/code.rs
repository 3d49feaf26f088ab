//! The checks of cargo itself.

use crate::command::{cargo, command, for_guest, output, run, works};
use crate::step::{Check, Context, Trouble};
use crate::toolbox::{nats_server, wasm_target};

/// All Rust code is formatted.
pub(crate) fn fmt(context: &Context) -> Check {
    let places = &context.places;
    for workspace in places.guest_workspaces().iter().chain([&places.root, &places.fuzz()]) {
        run(&mut cargo("fmt --all --check", workspace))?;
    }
    Ok(())
}

/// Clippy finds nothing, tests and guests included.
pub(crate) fn clippy(context: &Context) -> Check {
    let places = &context.places;
    run(&mut cargo("clippy --workspace --all-targets --quiet -- -D warnings", &places.root))?;
    wasm_target(places)?;
    for workspace in places.guest_workspaces() {
        let words = "clippy --workspace --all-targets --quiet --target wasm32-wasip2 -- -D warnings";
        run(for_guest(&mut cargo(words, &workspace)))?;
    }
    Ok(())
}

/// The documentation builds, and its links resolve, those of private items too. In the SDK for guests, whose readers see the public ones alone, only these are
/// checked.
///
/// The library `ws_host` and the binary `ws-host` have one folder, and two processes at once would each remove the files of the other.
pub(crate) fn doc(context: &Context) -> Check {
    for targets in
        ["--workspace --bins", "--workspace --exclude ws-guest --lib --document-private-items", "--package ws-guest --lib"]
    {
        let mut doc = cargo(&format!("doc --no-deps --quiet {targets}"), &context.places.root);
        run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    Ok(())
}

/// Builds the host's binary together with the tests, so that both share their dependencies. `cargo build` alone would choose
/// other features for some, and compile their dependents again.
pub(crate) fn build(context: &Context) -> Check {
    run(&mut cargo("build --workspace --bins --tests --examples", &context.places.root))
}

/// Installs a NATS server where `cargo test` finds it, too.
pub(crate) fn nats(context: &Context) -> Check {
    run(command(nats_server(&context.places)?, &context.places.root).arg("--version"))
}

/// Unit, documentation and integration tests. Without a NATS server, those of clusters are left out. The unit tests of the example guests run as native code, not as WebAssembly.
pub(crate) fn test(context: &Context) -> Check {
    let root = &context.places.root;
    // The release profile already has the compiled macros of the guests.
    run(for_guest(&mut cargo("test --workspace --release --quiet", &root.join("guest-examples"))))?;
    match nats_server(&context.places) {
        Ok(server) => run(cargo("test --workspace", root).env("WS_HOST_NATS_SERVER", server)),
        Err(Trouble::Missing(why)) => {
            run(&mut cargo("test --workspace -- --skip cluster::", root))?;
            Err(Trouble::missing(format!("all tests passed but those of clusters, which need a NATS server: {why}")))
        }
        Err(failed) => Err(failed),
    }
}

/// Nodes in networks of their own, whose line to NATS breaks.
pub(crate) fn cut_off(context: &Context) -> Check {
    let root = &context.places.root;
    let mut split = command("unshare", root);
    if !works(split.args(["--net", "ip", "link", "add", "name", "one", "type", "veth", "peer", "name", "two"])) {
        return Err(Trouble::missing("root and the command `ip` are needed: `apt-get install iproute2`"));
    }
    let server = nats_server(&context.places)?;
    let mut tests = cargo("test --workspace --test integration -- --ignored cluster::cut_off::", root);
    run(tests.env("WS_HOST_NATS_SERVER", server))
}

/// The fuzz targets compile, without libFuzzer itself, whose source is C++. They keep their promises over their corpus and over
/// inputs made from it.
pub(crate) fn fuzz(context: &Context) -> Check {
    let fuzz = context.places.fuzz();
    run(&mut cargo("clippy --lib --bins --tests --no-default-features --features targets --quiet -- -D warnings", &fuzz))?;
    run(&mut cargo("test --no-default-features", &fuzz))
}

/// Counts the system calls of messages. Unlike times, these do not depend on the load of the machine.
pub(crate) fn system_calls(context: &Context) -> Check {
    let root = &context.places.root;
    if let Err(Trouble::Failed(why) | Trouble::Missing(why)) = output(command("strace", root).args(["-o", "/dev/null", "true"])) {
        return Err(Trouble::missing(format!("strace is needed, with the right to trace: `apt-get install strace` ({why})")));
    }
    run(&mut cargo("test --workspace --test integration -- --ignored syscalls::", root))
}
