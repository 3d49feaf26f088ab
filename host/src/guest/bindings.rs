//! The typed calls of the guest's exports, generated from `wit/`.
//!
//! `imports` wraps the imports by hand, because the generated ones would copy each payload into a `String` or `Vec`.

wasmtime::component::bindgen!({
    path: "wit",
    inline: "
        package ws-host:host-side;

        world exports {
            export ws-host:server/handler@0.2.0;
            export ws-host:server/gate@0.2.0;
            export ws-host:server/lifecycle@0.2.0;
            export ws-host:server/flow@0.2.0;
            export ws-host:server/presence@0.2.0;
            export ws-host:server/timers@0.2.0;
            export ws-host:server/responses@0.2.0;
            export ws-host:server/events@0.2.0;
            export ws-host:server/requests@0.2.0;
        }
    ",
    world: "ws-host:host-side/exports",
    exports: { default: async },
    // The calls write payloads into the guest's memory from where they lie, without a copy in between.
    ownership: Borrowing { duplicate_if_necessary: true },
});

/// The contract's version, which the world above has too.
pub(super) const VERSION: &str = "0.2.0";

/// The full name of one of the contract's interfaces.
pub(super) fn interface(name: &str) -> String {
    format!("ws-host:server/{name}@{VERSION}")
}
