//! What wit-bindgen makes of the contract.
//!
//! WIT has no optional exports, and the export macro of a world exports all of it. So each optional interface has a
//! world of its own here, with its own export macro, and shares the types of the first by `with`. A section that
//! tells of a world's exports is only emitted where its macro is used; `wit-component` merges the sections that it
//! finds. Thus a component exports what `export!` was asked for and nothing else.
//!
//! The WIT is read from `wit/` in this crate, a copy of the repository's: a path that leads out of the crate would
//! not be in its package. `tests/wit.rs` keeps the two equal.

/// The smallest world: the imports and the three handlers.
pub mod app {
    wit_bindgen::generate!({
        world: "app",
        path: "wit",
        // Imports borrow what they send, exports own what they receive: `MessageParam` and `MessageResult`.
        ownership: Borrowing { duplicate_if_necessary: true },
        additional_derives: [PartialEq, Eq],
        export_macro_name: "export_handler",
        pub_export_macro: true,
    });
}

/// The optional interface `gate`.
pub mod gate {
    wit_bindgen::generate!({
        inline: "package ws-guest:gate; world gate { export ws-host:server/gate@0.1.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.1.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/gate@0.1.0": generate,
        },
        additional_derives: [PartialEq, Eq],
        export_macro_name: "export_gate",
        pub_export_macro: true,
    });
}

/// The optional interface `lifecycle`.
pub mod lifecycle {
    wit_bindgen::generate!({
        inline: "package ws-guest:lifecycle; world lifecycle { export ws-host:server/lifecycle@0.1.0; }",
        path: "wit",
        with: { "ws-host:server/lifecycle@0.1.0": generate },
        additional_derives: [PartialEq, Eq],
        export_macro_name: "export_lifecycle",
        pub_export_macro: true,
    });
}

/// The optional interface `flow`.
pub mod flow {
    wit_bindgen::generate!({
        inline: "package ws-guest:flow; world flow { export ws-host:server/flow@0.1.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.1.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/flow@0.1.0": generate,
        },
        export_macro_name: "export_flow",
        pub_export_macro: true,
    });
}

/// The optional interface `timers`.
pub mod timers {
    wit_bindgen::generate!({
        inline: "package ws-guest:timers; world timers { export ws-host:server/timers@0.1.0; }",
        path: "wit",
        with: {
            "ws-host:server/control@0.1.0": crate::bindings::app::ws_host::server::control,
            "ws-host:server/timers@0.1.0": generate,
        },
        export_macro_name: "export_timers",
        pub_export_macro: true,
    });
}
