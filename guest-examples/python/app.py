"""A chat: everybody sees joins, leaves and messages, chooses a name, and can whisper."""

import sys
from collections.abc import Sequence

from ws_host_guest import App, Client, CloseInfo, Message, Saved, StartRefused

HELP = """\
* /name Ada       from now on you are Ada
* /msg Ada hello  says hello to Ada alone; her id works too
* /who            who is here
* /help           this"""

MAX_NAME = 24  # A line should still have room for the message.
MAX_LISTED = 100
STATE = "chat-names-1"  # A line `7 Ada` for each name. The chat in Rust uses the same format, so either can take over.

app = App()

names: dict[int, str] = {}
"""The chosen names. A client without one is shown as guest-7."""


@app.on_new_client
def joined(client: Client) -> None:
    say(f"* {name_of(client)} has joined")
    client.send(f"* You are {name_of(client)}; /help shows what you can do")


@app.on_client_left
def left(client: Client, info: CloseInfo) -> None:
    how = "has left" if info.clean else "has lost the connection"
    say(f"* {name_of(client)} {how}")
    names.pop(client.id, None)


@app.on_message
def said(client: Client, message: Message) -> None:
    if isinstance(message, bytes):
        say(message, exclude=[client])
        return
    # Text after a line break could imitate a line of the chat's own.
    text = "".join(letter if letter.isprintable() else " " for letter in message).strip()
    word, _, rest = text.partition(" ")
    match word:
        case "":
            pass
        case "/name":
            rename(client, rest.strip())
        case "/msg":
            whisper(client, rest.strip())
        case "/who":
            client.send(who())
        case "/help":
            client.send(HELP)
        case _ if word.startswith("/"):
            client.send("* Unknown command; /help lists the commands")
        case _:
            say(f"{name_of(client)}: {text}")


def say(message: Message, exclude: Sequence[Client] = ()) -> None:
    """Sends a message to everybody. If it is too long to send, the log says so."""
    if not (status := app.broadcast(message, exclude=exclude)):
        print(f"not sent: {status.value}", file=sys.stderr)


def rename(client: Client, name: str) -> None:
    # A name starts with a letter, so it is never taken for an id.
    if not (name[:1].isalpha() and len(name) <= MAX_NAME and all(letter.isalnum() or letter in "-_" for letter in name)):
        client.send(f"* A name is 1 to {MAX_NAME} letters, digits, - and _, a letter first")
    elif name.lower().startswith("guest-") or find(name) not in (None, client):
        client.send("* That name is taken")
    else:
        say(f"* {name_of(client)} is now {name}")
        names[client.id] = name


def whisper(client: Client, rest: str) -> None:
    name, _, text = rest.partition(" ")
    if not text:
        client.send("* To whisper: /msg Ada hello")
        return
    to = find(name)
    # No lookup first: `send` returns a false status if the client has left.
    if to and to.send(f"{name_of(client)} (to you alone): {text}"):
        client.send(f"You (to {name_of(to)} alone): {text}")
    else:
        client.send("* No one here has that name; /who lists everybody")


def who() -> str:
    here = app.clients
    listed = ", ".join(f"{name_of(client)} ({client.id})" for client in here[:MAX_LISTED])
    more = f" and {len(here) - MAX_LISTED} more" if len(here) > MAX_LISTED else ""
    return f"* Here: {listed}{more}"


def name_of(client: Client) -> str:
    return names.get(client.id, f"guest-{client.id}")


def find(name: str) -> Client | None:
    """Finds a client by its chosen name, its `guest-` name or its id."""
    for id, chosen in names.items():
        if chosen.lower() == name.lower():
            return app.client(id)
    number = name.removeprefix("guest-")
    return app.client(int(number)) if number.isascii() and number.isdigit() and len(number) < 20 else None


@app.snapshot
def snapshot() -> Saved:
    """Names outlive the instance when a new release takes over."""
    return Saved(STATE, "".join(f"{id} {name}\n" for id, name in names.items()).encode())


@app.on_start
def start(reason: str, saved: Saved | None) -> None:
    if saved is None:
        return
    if saved.version != STATE:
        raise StartRefused(f"state of an unknown format: {saved.version}")
    # After a failure the state is as old as the last release: some of its clients may have left.
    here = {client.id for client in app.clients}
    lines = (line.split(" ", 1) for line in saved.data.decode().splitlines())
    names.update({int(id): name for id, name in lines if int(id) in here})
