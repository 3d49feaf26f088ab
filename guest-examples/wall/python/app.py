"""A wall: each text is kept, and a newcomer gets the last fifty and the number of all."""

from ws_host_guest import App, Client, Message, StoreRefused, store

SHOWN = 50

app = App()


@app.on_new_client
def joined(client: Client) -> None:
    count = number_of_texts()
    client.send(f"* {count} texts are on the wall")
    for _, text in store.list("text/", after=key(max(count - SHOWN, 0))):
        client.send(text.decode())


@app.on_message
def said(client: Client, message: Message) -> None:
    if not isinstance(message, str):
        return
    try:
        number = number_of_texts() + 1
        keep(number, message)
    except StoreRefused as refused:
        client.send(f"* The wall does not take this text: {refused}")
    else:
        app.broadcast(f"{number}: {message}")


def keep(number: int, text: str) -> None:
    """Keeps a text. The two writes count together, or neither does if the handler fails."""
    store[key(number)] = f"{number}: {text}".encode()
    try:
        store["count"] = str(number).encode()
    except StoreRefused:
        del store[key(number)]  # A refused write leaves the one before it.
        raise


def number_of_texts() -> int:
    return int(store.get("count", b"0"))


def key(number: int) -> str:
    """Returns the key of a text. With leading zeros, the keys are in the order of the texts."""
    return f"text/{number:016}"
