//! The typed calls of the guest's exports, generated from `wit/`.
//!
//! The imports are not generated: `imports` wraps them by hand, because the generated ones copy each payload into a
//! `String` or `Vec` of its own before the host sees it.

wasmtime::component::bindgen!({
    path: "wit",
    inline: "
        package ws-host:host-side;

        world exports {
            export ws-host:server/handler@0.1.0;
            export ws-host:server/gate@0.1.0;
            export ws-host:server/lifecycle@0.1.0;
            export ws-host:server/flow@0.1.0;
            export ws-host:server/timers@0.1.0;
        }
    ",
    world: "ws-host:host-side/exports",
    exports: { default: async },
    // Payloads go into the guest's memory straight from where they lie.
    ownership: Borrowing { duplicate_if_necessary: true },
});
