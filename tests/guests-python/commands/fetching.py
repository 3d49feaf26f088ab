"""Commands on HTTP requests, and what the probe tells of them: see `tests/conformance/http.rs`."""

import asyncio
import json
from collections.abc import Awaitable

from ws_host_guest import Body, Client, FetchError, Response, broadcast, fetch

tasks: dict[str, asyncio.Task[None]] = {}
"""The requests of this instance, by their names."""


def ask(client: Client, rest: str) -> None:
    name, _, url = rest.partition(" ")
    begin(name, fetch(url, context=name.encode(), follow_redirects=False))


def stream(client: Client, rest: str) -> None:
    name, _, url = rest.partition(" ")
    begin(name, fetch(url, context=name.encode(), stream=True))


def post(client: Client, rest: str) -> None:
    name, url, text = rest.split(" ", 2)
    begin(name, fetch(url, body=text, headers={"X-Note": name}, context=name.encode()))


def cancel(client: Client, rest: str) -> str:
    tasks[rest].cancel()
    return "cancelled"


async def ask_and_fail(client: Client, rest: str) -> None:
    ask(client, rest)
    await asyncio.sleep(0)
    raise RuntimeError("told to fail")


def begin(name: str, request: Awaitable[Response]) -> None:
    tasks[name] = asyncio.create_task(follow(name, request))


async def follow(name: str, request: Awaitable[Response]) -> None:
    try:
        await tell(name, await request)
    except FetchError as error:
        await tell(name, error)


async def tell(name: str, answer: Body | FetchError) -> None:
    """Broadcasts what has come of a request."""
    if isinstance(answer, FetchError):
        broadcast(f"{name} {answer.cause}: {answer.detail}")
        return
    if isinstance(answer, Response):
        kind = answer.headers.get("content-type", "-")
        body = "" if answer.is_stream else f" {quoted(answer.text)}"
        broadcast(f"{name} {answer.status_code} {kind}{body}")
        if not answer.is_stream:
            return
    try:
        async for piece in answer:
            broadcast(f"{name} piece {quoted(piece.decode())}")
        broadcast(f"{name} end")
    except FetchError as error:
        await tell(name, error)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


COMMANDS = {"fetch": ask, "stream": stream, "post": post, "cancel": cancel, "fetch-and-fail": ask_and_fail}
