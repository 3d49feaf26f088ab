//! The bindings that wit-bindgen generates from the contract.
//!
//! WIT has no optional exports, and a world's export macro exports the whole world. So each optional interface has its
//! own world here, with its own export macro. It shares the types of the first world through `with`. The section that
//! lists a world's exports is emitted only where its macro is used, and `wit-component` merges the sections it finds.
//! A component therefore exports exactly the interfaces named in `export!`.
//!
//! The WIT is read from `wit/` in this crate, a copy of the repository's `wit/`: a package cannot contain files from
//! outside its crate. `tests/wit.rs` keeps the two equal.

/// The smallest world: the imports and the three handlers.
pub mod app {
    wit_bindgen::generate!({
        world: "app",
        path: "wit",
        // Imports borrow their arguments (`MessageParam`), exports own them (`MessageResult`).
        ownership: Borrowing { duplicate_if_necessary: true },
        additional_derives: [PartialEq, Eq],
        export_macro_name: "export_handler",
        pub_export_macro: true,
    });
}

/// The optional interface `gate`.
pub mod gate {
    wit_bindgen::generate!({
        inline: "package ws-guest:gate; world gate { export ws-host:server/gate@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.2.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/gate@0.2.0": generate,
        },
        additional_derives: [PartialEq, Eq],
        export_macro_name: "export_gate",
        pub_export_macro: true,
    });
}

/// The optional interface `lifecycle`.
pub mod lifecycle {
    wit_bindgen::generate!({
        inline: "package ws-guest:lifecycle; world lifecycle { export ws-host:server/lifecycle@0.2.0; }",
        path: "wit",
        with: { "ws-host:server/lifecycle@0.2.0": generate },
        additional_derives: [PartialEq, Eq],
        export_macro_name: "export_lifecycle",
        pub_export_macro: true,
    });
}

/// The optional interface `flow`.
pub mod flow {
    wit_bindgen::generate!({
        inline: "package ws-guest:flow; world flow { export ws-host:server/flow@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.2.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/flow@0.2.0": generate,
        },
        export_macro_name: "export_flow",
        pub_export_macro: true,
    });
}

/// The optional interface `presence`.
pub mod presence {
    wit_bindgen::generate!({
        inline: "package ws-guest:presence; world presence { export ws-host:server/presence@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.2.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/presence@0.2.0": generate,
        },
        export_macro_name: "export_presence",
        pub_export_macro: true,
    });
}

/// The optional interface `timers`.
pub mod timers {
    wit_bindgen::generate!({
        inline: "package ws-guest:timers; world timers { export ws-host:server/timers@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/control@0.2.0": crate::bindings::app::ws_host::server::control,
            "ws-host:server/timers@0.2.0": generate,
        },
        export_macro_name: "export_timers",
        pub_export_macro: true,
    });
}

/// The optional interface `events`, and the import `rooms` that it belongs to.
pub mod events {
    wit_bindgen::generate!({
        inline: "package ws-guest:events; world events { import ws-host:server/rooms@0.2.0; export ws-host:server/events@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.2.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/rooms@0.2.0": generate,
            "ws-host:server/events@0.2.0": generate,
        },
        ownership: Borrowing { duplicate_if_necessary: true },
        additional_derives: [PartialEq, Eq, Clone],
        export_macro_name: "export_events",
        pub_export_macro: true,
    });
}

/// The optional interface `responses`, and the import `http` that it belongs to.
pub mod responses {
    wit_bindgen::generate!({
        inline: "package ws-guest:responses; world responses { import ws-host:server/http@0.2.0; export ws-host:server/responses@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/http@0.2.0": generate,
            "ws-host:server/responses@0.2.0": generate,
        },
        ownership: Borrowing { duplicate_if_necessary: true },
        additional_derives: [PartialEq, Eq, Clone],
        export_macro_name: "export_responses",
        pub_export_macro: true,
    });
}

/// The optional interface `requests`, and the import `replies` that it belongs to.
pub mod requests {
    wit_bindgen::generate!({
        inline: "package ws-guest:requests; world requests { import ws-host:server/replies@0.2.0; export ws-host:server/requests@0.2.0; }",
        path: "wit",
        with: {
            "ws-host:server/types@0.2.0": crate::bindings::app::ws_host::server::types,
            "ws-host:server/replies@0.2.0": generate,
            "ws-host:server/requests@0.2.0": generate,
        },
        ownership: Borrowing { duplicate_if_necessary: true },
        additional_derives: [PartialEq, Eq, Clone],
        export_macro_name: "export_requests",
        pub_export_macro: true,
    });
}
