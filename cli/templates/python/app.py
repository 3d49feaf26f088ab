"""A chat. Everybody receives all joins, leaves and messages."""

from ws_host_guest import App, Client, CloseInfo, Message

app = App()


@app.on_new_client
def joined(client: Client) -> None:
    app.broadcast(f"* guest-{client.id} has joined")


@app.on_message
def said(client: Client, message: Message) -> None:
    if isinstance(message, str):
        app.broadcast(f"guest-{client.id}: {message}")
    else:
        app.broadcast(message, exclude=[client])


@app.on_client_left
def left(client: Client, info: CloseInfo) -> None:
    app.broadcast(f"* guest-{client.id} has left")
