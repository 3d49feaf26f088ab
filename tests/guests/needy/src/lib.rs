//! A guest with an import that the host does not provide.

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package test:needy;
        interface vault { open: func() -> bool; }
        world needy {
            import vault;
            include ws-host:server/app@0.2.0;
        }
    ",
    world: "test:needy/needy",
    generate_all,
});

use exports::ws_host::server::handler::{Client, ClientId, CloseInfo, Guest, Message};

struct Needy;

export!(Needy);

impl Guest for Needy {
    fn on_new_client(_: Client) {
        test::needy::vault::open();
    }
    fn on_message(_: ClientId, _: Message) {}
    fn on_client_left(_: ClientId, _: CloseInfo) {}
}
