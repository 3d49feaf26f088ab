//! The files of the SDKs, embedded in the binary so that a project needs no checkout of this repository.

/// A file: its path and its content.
pub(super) type File = (&'static str, &'static [u8]);

/// Lists the files of a folder. A file that has another name in this repository follows `in`: a folder with a `Cargo.toml`
/// would be left out of our package.
macro_rules! files {
    ($folder:literal: $($file:literal $(in $stored:literal)?),+ $(,)?) => {
        &[$(($file, include_bytes!(path!($folder, $file $(, $stored)?)))),+]
    };
}

macro_rules! path {
    ($folder:literal, $file:literal) => {
        concat!("../../", $folder, "/", $file)
    };
    ($folder:literal, $file:literal, $stored:literal) => {
        concat!("../../", $folder, "/", $stored)
    };
}

/// `sdk/rust`.
pub(super) const RUST: &[File] = files!("sdk/rust":
    "Cargo.toml" in "manifest.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/app.rs", "src/bindings.rs", "src/clients.rs", "src/control.rs", "src/export.rs", "src/fake.rs", "src/lib.rs",
    "src/http.rs", "src/fake/replies.rs", "src/requests.rs", "src/testing/requests.rs", "src/message.rs", "src/rooms.rs", "src/store.rs", "src/task/access.rs", "src/task/answers.rs", "src/task/executor.rs", "src/task/fetch.rs", "src/task/hooks.rs", "src/task/mod.rs", "src/task/sleep.rs", "src/task/streamed.rs", "src/task/tests.rs",
    "src/testing.rs", "src/testing/tests.rs", "src/topics.rs", "wit/exports.wit", "wit/http.wit", "wit/imports.wit", "wit/requests.wit", "wit/rooms.wit", "wit/store.wit", "wit/types.wit", "wit/world.wit",
);

/// `sdk/js`.
pub(super) const JAVASCRIPT: &[File] = files!("sdk/js":
    "LICENSE-APACHE", "LICENSE-MIT", "README.md", "THIRD-PARTY.txt", "bin/ws-host-guest.mjs", "build/build.mjs", "build/builtins.mjs", "build/bundle.mjs", "build/globals.mjs", "build/look.mjs", "build/mappings.mjs", "build/not-loaded.mjs", "build/project.mjs",
    "build/stamp.mjs", "build/types.mjs", "build/while-loading.mjs", "build/world.mjs", "globals.d.ts", "index.d.ts", "package.json", "testing.d.ts",
    "engine.wasm", "src/answer.js", "src/client.js", "src/clock.js", "src/decision.js", "src/exports.js",
    "src/fetch/arrival.js", "src/fetch/context.js", "src/fetch/exchange.js", "src/fetch/exports.js", "src/fetch/failure.js", "src/fetch/fetch.js", "src/fetch/orphans.js",
    "src/globals.js", "src/index.js", "src/jobs.js", "src/output.js", "src/phase.js", "src/positions.js", "src/process.js", "src/random.js",
    "src/requests/exports.js", "src/requests/handle.js", "src/requests/reply.js", "src/rooms.js", "src/store.js", "src/timers.js", "src/values.js",
    "src/testing/asked.js", "src/testing/host/clients.js", "src/testing/host/control.js", "src/testing/host/http.js", "src/testing/host/index.js", "src/testing/host/refused.js", "src/testing/host/replies.js", "src/testing/host/rooms.js", "src/testing/host/store.js",
    "src/testing/host/topics.js", "src/testing/inside/bridge.js", "src/testing/inside/clock.js", "src/testing/inside/engine.js", "src/testing/inside/environment.js",
    "src/testing/inside/globals.js", "src/testing/inside/jobs.js", "src/testing/inside/output.js", "src/testing/missing.js", "src/testing/reply.js", "src/testing/room.js",
    "src/testing/script.js", "src/testing/state.js",
    "src/web/abort.js", "src/web/blob-stream.js", "src/web/blob.js", "src/web/body-forms.js", "src/web/body.js", "src/web/bytes.js", "src/web/clone.js", "src/web/console.js", "src/web/content.js",
    "src/web/copied.js",
    "src/web/crypto-key.js", "src/web/crypto-subtle.js", "src/web/crypto.js", "src/web/encoding.js", "src/web/events.js", "src/web/exception.js",
    "src/web/file.js", "src/web/followers.js", "src/web/form-data.js", "src/web/hashes.js", "src/web/headers.js", "src/web/hmac.js", "src/web/inspect.js", "src/web/multipart.js", "src/web/performance.js",
    "src/web/public-keys.js", "src/web/request.js", "src/web/response.js", "src/web/search-params.js", "src/web/spki.js", "src/web/split.js", "src/web/streams.js", "src/web/subtle.js", "src/web/text-streams.js",
    "src/web/url.js",
    "wit/deps/wasi-cli/cli.wit", "wit/deps/wasi-io/io.wit", "wit/deps/wasi-random/random.wit", "wit/exports.wit", "wit/guest.wit", "wit/http.wit",
    "wit/imports.wit", "wit/requests.wit", "wit/rooms.wit", "wit/store.wit", "wit/types.wit", "wit/world.wit",
);

/// `sdk/python`.
pub(super) const PYTHON: &[File] = files!("sdk/python":
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "pyproject.toml",
    "src/websocket/__init__.py",
    "src/websocket/py.typed",
    "src/websocket_server/__init__.py",
    "src/websocket_server/py.typed",
    "src/ws_host_guest/__init__.py",
    "src/ws_host_guest/__main__.py",
    "src/ws_host_guest/_host.py",
    "src/ws_host_guest/absent.py",
    "src/ws_host_guest/app.py",
    "src/ws_host_guest/archive.py",
    "src/ws_host_guest/build.py",
    "src/ws_host_guest/bundle.py",
    "src/ws_host_guest/component.py",
    "src/ws_host_guest/contract.py",
    "src/ws_host_guest/distributions.py",
    "src/ws_host_guest/entry.py",
    "src/ws_host_guest/fake.py",
    "src/ws_host_guest/fake_http.py",
    "src/ws_host_guest/fake_replies.py",
    "src/ws_host_guest/fake_rooms.py",
    "src/ws_host_guest/fakes.py",
    "src/ws_host_guest/fetches.py",
    "src/ws_host_guest/files.py",
    "src/ws_host_guest/fit.py",
    "src/ws_host_guest/inside.py",
    "src/ws_host_guest/load.py",
    "src/ws_host_guest/look.py",
    "src/ws_host_guest/loop.py",
    "src/ws_host_guest/noted.py",
    "src/ws_host_guest/py.typed",
    "src/ws_host_guest/quick.py",
    "src/ws_host_guest/record.py",
    "src/ws_host_guest/redirects.py",
    "src/ws_host_guest/replies.py",
    "src/ws_host_guest/reply.py",
    "src/ws_host_guest/response.py",
    "src/ws_host_guest/room.py",
    "src/ws_host_guest/room_store.py",
    "src/ws_host_guest/rooms.py",
    "src/ws_host_guest/running.py",
    "src/ws_host_guest/testing.py",
    "src/ws_host_guest/traces.py",
    "src/ws_host_guest/values.py",
    "src/ws_host_guest/zones.py",
    "src/ws_host_guest/wit/exports.wit",
    "src/ws_host_guest/wit/http.wit",
    "src/ws_host_guest/wit/imports.wit",
    "src/ws_host_guest/wit/requests.wit",
    "src/ws_host_guest/wit/rooms.wit",
    "src/ws_host_guest/wit/store.wit",
    "src/ws_host_guest/wit/types.wit",
    "src/ws_host_guest/wit/world.wit",
);

/// `sdk/c`.
pub(super) const C: &[File] = files!("sdk/c":
    "LICENSE-APACHE", "LICENSE-MIT", "README.md", "bindings/ws.c", "bindings/ws.h", "bindings/ws_component_type.o",
    "src/callbacks.c", "src/callbacks.h", "src/clients.c", "src/control.c", "src/fetch.c", "src/gate.c", "src/handlers.c", "src/headers.c", "src/inside.h",
    "src/memory.c", "src/messages.c", "src/requests.c", "src/results.c", "src/rooms.c", "src/store.c", "src/timers.c",
    "testing/bindings.c", "testing/clients.c", "testing/control.c", "testing/events.c", "testing/fetch.c", "testing/hearing.c", "testing/main.c", "testing/requests.c",
    "testing/room.c", "testing/room.h", "testing/rooms.c", "testing/store.c", "testing/ws_testing.h", "ws_guest.h",
);

/// The contract, for languages whose SDK has no copy of it.
pub(super) const WIT: &[File] =
    files!("wit": "exports.wit", "http.wit", "imports.wit", "requests.wit", "rooms.wit", "store.wit", "types.wit", "world.wit");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Collects the files below a folder, except tests, trials of packages, the sources of `engine.wasm` and files that tools write.
    fn below(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for path in folder.read_dir().expect("the folder can be listed").map(|entry| entry.expect("an entry can be read").path())
        {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let left_out = ["node_modules", "__pycache__", "target", "test", "tests", "package-lock.json"];
            if left_out.contains(&name.as_str())
                || name.ends_with(".egg-info")
                || ["python/build", "python/packages", "js/engine"].map(|folder| root.join(folder)).contains(&path)
            {
                continue;
            }
            if path.is_dir() {
                below(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned());
            }
        }
    }

    #[test]
    fn each_sdk_is_embedded_completely() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk");
        for (name, files) in [("rust", RUST), ("js", JAVASCRIPT), ("python", PYTHON), ("c", C)] {
            let mut found = Vec::new();
            below(&root, &root.join(name), &mut found);
            let mut embedded: Vec<_> = files.iter().map(|(path, _)| format!("{name}/{path}")).collect();
            found.sort();
            embedded.sort();
            assert_eq!(embedded, found);
        }
    }
    /// npm leaves links out of its packages, so these are copies.
    #[test]
    fn the_licences_of_packages_are_those_of_the_project() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |path: &str| std::fs::read(root.join(path)).expect("the file can be read");
        for folder in ["sdk/rust", "sdk/js", "sdk/python", "sdk/c", "client"] {
            for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
                assert!(read(licence) == read(&format!("{folder}/{licence}")), "{folder}/{licence}");
            }
        }
    }
}
