"""Commands on other rooms."""

from ws_host_guest import Client, Message, Source, broadcast, rooms


def tell(client: Client, rest: str) -> str:
    to, _, text = rest.partition(" ")
    return rooms.send(to, text).value


def tell_bytes(client: Client, rest: str) -> str:
    to, _, text = rest.partition(" ")
    return rooms.send(to, text.encode()).value


def create(client: Client, rest: str) -> str:
    to, _, text = rest.partition(" ")
    return rooms.send(to, text, create=True).value


def tell_and_fail(client: Client, rest: str) -> None:
    tell(client, rest)
    raise RuntimeError("told to panic")


def hear(source: Source, message: Message) -> None:
    """Follows a message from another room, or from outside: `panic`, or `back TEXT`. Broadcasts it."""
    if isinstance(message, bytes):
        broadcast(message)
        return
    command, _, rest = message.partition(" ")
    if command == "panic":
        raise RuntimeError(f"told to panic: {rest}")
    if command == "back" and source.room is not None:
        rooms.send(source.room, rest)
    broadcast(f"event {source.room or f'api:{source.api}'} {message}")


COMMANDS = {
    "room": lambda client, rest: f'room "{rooms.name()}"',
    "tell": tell,
    "tell-bytes": tell_bytes,
    "create": create,
    "tell-and-panic": tell_and_fail,
}
