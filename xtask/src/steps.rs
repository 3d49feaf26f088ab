//! The list of steps, the cheap ones first.

mod code;
mod dist;
mod foreign;
mod guests;
mod guide;
mod languages;
mod monitoring;
mod packages;
mod python;
mod supply;

use crate::bench;
use crate::step::Step;
use crate::tidy;

/// Every step, in the order in which they run.
pub(crate) const ALL: &[Step] = &[
    Step { name: "fmt", what: "all Rust code is formatted", needs: &[], run: code::fmt },
    Step { name: "tidy", what: "sizes, layers and names keep the promises of the design", needs: &[], run: tidy::check },
    Step { name: "separate", what: "a plain `cargo build` builds no guest", needs: &[], run: guests::are_separate },
    Step { name: "guests", what: "guests build with cargo for wasm32-wasip2", needs: &[], run: guests::build },
    Step { name: "clippy", what: "no warnings, in the host or in guests", needs: &[], run: code::clippy },
    Step {
        name: "packages",
        what: "the package of each crate has all of its files, and compiles",
        needs: &[],
        run: packages::are_whole,
    },
    Step { name: "doc", what: "the documentation builds without warnings", needs: &[], run: code::doc },
    Step { name: "guide", what: "the guide builds without warnings (its commands run in `test`)", needs: &[], run: guide::build },
    Step { name: "fuzz", what: "the fuzz targets compile, and hold over their corpus", needs: &[], run: code::fuzz },
    Step { name: "host", what: "the host and the Rust tests build", needs: &[], run: code::build },
    Step { name: "nats", what: "there is a NATS server for the tests of clusters", needs: &[], run: code::nats },
    Step { name: "test", what: "unit, documentation and integration tests", needs: &["guests", "host"], run: code::test },
    Step {
        name: "cut-off",
        what: "a node of a cluster that is cut off from NATS alone, in a network of its own",
        needs: &["guests", "host", "nats"],
        run: code::cut_off,
    },
    Step { name: "metrics", what: "metrics and alerts pass promtool", needs: &["guests", "host"], run: monitoring::metrics },
    Step { name: "syscalls", what: "an echo costs one read and one write", needs: &["guests", "host"], run: code::system_calls },
    Step {
        name: "instructions",
        what: "an echo and a broadcast take no more instructions than they may, in the profile `dist`",
        needs: &["guests"],
        run: bench::instructions_are_bounded,
    },
    Step {
        name: "dist",
        what: "each package of the command installs where nothing is, and serves; the container file does what its image needs",
        needs: &["guests"],
        run: dist::packages_serve,
    },
    Step {
        name: "python-guests",
        what: "guests in Python, built with componentize-py",
        needs: &["guests", "host"],
        run: python::guests,
    },
    Step {
        name: "js-guests",
        what: "guests in JavaScript and TypeScript, from ws-host new to a chat",
        needs: &["guests", "host"],
        run: languages::javascript,
    },
    Step { name: "c-guests", what: "guests in C, the same", needs: &["guests", "host"], run: languages::c },
    Step {
        name: "foreign-python",
        what: "Python's websockets against the host, and the library for clients in Python",
        needs: &["guests", "host"],
        run: foreign::python,
    },
    Step {
        name: "api",
        what: "schemathesis: the API answers as its own description says",
        needs: &["guests", "host"],
        run: foreign::api,
    },
    Step { name: "foreign-node", what: "Node's ws against the host", needs: &["guests", "host"], run: foreign::node },
    Step {
        name: "browser",
        what: "Chromium on the served pages: two tabs chat, and the dashboard shows what happens",
        needs: &["guests", "host"],
        run: foreign::browser,
    },
    Step {
        name: "autobahn",
        what: "the Autobahn suite against the echo component",
        needs: &["guests", "host"],
        run: foreign::autobahn,
    },
    Step {
        name: "deny",
        what: "licences, versions and sources of dependencies (not advisories: their database needs the network)",
        needs: &[],
        run: supply::deny,
    },
];
