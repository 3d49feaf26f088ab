"""The probe's answers to plain HTTP requests."""

import asyncio
from collections.abc import AsyncIterator

from ws_host_guest import EventStream, HttpRequest, Reply, broadcast
from ws_host_guest.reply import Content

words: asyncio.Queue[str] = asyncio.Queue()
"""The words that clients have said for requests that wait."""


async def answer(request: HttpRequest) -> Reply | Content | tuple[int, Content]:
    match request.path.rpartition("/")[2]:
        case "echo":
            note = request.header("X-Note") or "-"
            body = f"{request.method} {request.path} {request.query} {note} {len(request.body)} {request.text}"
            return Reply(body, headers={"x-room": "yes"})
        case "json":
            return {"method": request.method}
        case "empty":
            return None
        case "panic":
            broadcast("dropped")
            raise RuntimeError("told to fail in a request")
        case "later":
            broadcast("asked")
            return await words.get()
        case "events":
            broadcast("asked")
            return EventStream(spoken())
        case "much":
            return much()
    return 404, "no such page"


async def spoken() -> AsyncIterator[str]:
    try:
        while (word := await words.get()) != "end":
            yield word
    finally:
        broadcast("over")


async def much() -> AsyncIterator[bytes]:
    """Yields 3 MiB, more than the host holds for a client that does not read."""
    for number in range(48):
        yield bytes([number]) * (64 << 10)
    broadcast("all is sent")


COMMANDS = {"word": lambda client, rest: words.put_nowait(rest)}
