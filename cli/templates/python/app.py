"""A chat. Everybody receives all joins, leaves and messages."""

import sys
from collections.abc import Sequence

from ws_host_guest import App, Client, CloseInfo, Message

app = App()


@app.on_new_client
def joined(client: Client) -> None:
    say(f"* guest-{client.id} has joined")


@app.on_message
def said(client: Client, message: Message) -> None:
    if isinstance(message, str):
        say(f"guest-{client.id}: {message}")
    else:
        say(message, exclude=[client])


@app.on_client_left
def left(client: Client, info: CloseInfo) -> None:
    say(f"* guest-{client.id} has left")


def say(message: Message, exclude: Sequence[Client] = ()) -> None:
    """Sends a message to everybody. With the name before it, it can be longer than the host allows: the log says so."""
    if not (status := app.broadcast(message, exclude=exclude)):
        print(f"not sent: {status.value}", file=sys.stderr)
