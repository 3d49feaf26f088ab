//! A chat. Everybody receives all joins, leaves and messages.

use ws_guest::{App, Client, ClientId, CloseInfo, Message, SendError, broadcast, broadcast_except};

#[derive(Default)]
struct Chat;

ws_guest::export!(Chat);

impl App for Chat {
    fn on_new_client(&mut self, client: Client) {
        report(broadcast(format!("* guest-{} has joined", client.id)));
    }

    fn on_message(&mut self, from: ClientId, message: Message) {
        match message {
            Message::Text(text) => report(broadcast(format!("guest-{from}: {text}"))),
            Message::Binary(data) => report(broadcast_except(data, &[from])),
        }
    }

    fn on_client_left(&mut self, id: ClientId, _info: CloseInfo) {
        report(broadcast(format!("* guest-{id} has left")));
    }
}

/// Says in the log why a message was not sent. With the name before it, it can be longer than the host allows.
fn report(sent: Result<(), SendError>) {
    if let Err(error) = sent {
        eprintln!("not sent: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Chat, Message};
    use ws_guest::testing::Room;

    #[test]
    fn everybody_hears_a_text_with_the_name_of_its_guest() {
        let mut room = Room::<Chat>::new();
        let (ann, ben) = (room.join(), room.join());
        assert_eq!(room.hears(ben), [Message::from("* guest-2 has joined")]);
        room.says(ann, "hello");
        assert_eq!(room.hears(ben), [Message::from("guest-1: hello")]);
    }
}
