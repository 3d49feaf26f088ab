"""Sends every message back to its sender."""

from ws_host_guest import App, Client, Message

app = App()


@app.on_message
def said(client: Client, message: Message) -> None:
    client.send(message)
