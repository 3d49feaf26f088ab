"""The fixture `probe` in Python: it follows its clients' commands. `tests/conformance.rs` lists them."""

import asyncio
import hashlib
import importlib
import json
import socket
import sqlite3
import sys
from collections.abc import Callable

from commands import answering, fetching, talking
from ws_host_guest import Accept, App, Body, Client, Close, CloseInfo, FetchError, Message, Refuse, Request, Saved, Status, StoreRefused
from ws_host_guest import absent, broadcast, clients, clients_of_user, count, publish, set_timer, sleep, store, subscribers

app = App()
state = {"messages": 0, "started": None}


@app.on_new_client
def joined(client: Client) -> None:
    broadcast(f"joined {client.id}")
    if client.query == "panic-on-join":
        raise RuntimeError("told to fail")


@app.on_client_left
def left(client: Client, info: CloseInfo) -> None:
    member = str(client in clients()).lower()
    known = str(client.is_connected).lower()
    sent = shown(client.send("too late"))
    cause = "".join(part.capitalize() for part in info.cause.value.split("-"))
    clean = str(info.clean).lower()
    line = f"left {client.id}: {info.code} {json.dumps(info.reason)} clean={clean} CloseCause::{cause}"
    line = f"{line} member={member} known={known} send={sent}"
    print(line)
    broadcast(line)


@app.on_message
async def obey(client: Client, message: Message) -> None:
    state["messages"] += 1
    if isinstance(message, bytes):
        client.send(message)
        return
    command, _, rest = message.partition(" ")
    answer = COMMANDS.get(command, lambda *_: f"no such command: {command}")(client, rest)
    if hasattr(answer, "__await__"):
        answer = await answer
    if answer is not None:
        client.send(answer)


def shown(status: Status) -> str:
    """Formats a result as the Rust probe does."""
    return {Status.OK: "ok", Status.BACKPRESSURE: "ok(SendStatus::Backpressure)"}.get(status, status.value)


def whom(client: Client, rest: str) -> tuple[Client, str]:
    first, _, last = rest.partition(" ")
    return (Client(int(first)) if first.isdigit() else client), last


def send(client: Client, rest: str) -> str:
    to, text = whom(client, rest)
    return shown(to.send(text))


def describe(client: Client, rest: str) -> str:
    one, _ = whom(client, rest)
    if not one.is_connected:
        return "nobody"
    agent = one.header("user-agent") or "none"
    agreed = f'Some("{one.subprotocol}")' if one.subprotocol else "None"
    user = f'Some("{one.user}")' if one.user else "None"
    return f"{one.id} ip={one.address[0]} path={one.path} query={one.query} agent={agent} subprotocol={agreed} user={user}"


def close(client: Client, rest: str) -> str:
    one, last = whom(client, rest)
    code, _, reason = last.partition(" ")
    closed = one.close(int(code or 1000), reason)
    sent = shown(one.send("after the close")) if closed else "untried"
    return f"{shown(closed)}, send={sent}, member={str(one in clients()).lower()}"


def attach(client: Client, rest: str) -> str:
    one, data = whom(client, rest)
    return shown(one.attach(data.encode()))


def attachment(client: Client, rest: str) -> str:
    data = whom(client, rest)[0].attachment
    return "None" if data is None else f'Some("{data.decode()}")'


def publish_to(client: Client, rest: str) -> str:
    topic, _, text = rest.partition(" ")
    return shown(publish(topic, text))


def timer(client: Client, rest: str) -> str:
    delay, _, payload = rest.partition(" ")
    return f"ok({set_timer(float(delay) / 1000, payload.encode())})"


def interval(client: Client, rest: str) -> str:
    delay, _, payload = rest.partition(" ")
    return f"ok({set_timer(float(delay) / 1000, payload.encode(), repeat=True)})"


def deep(client: Client, rest: str) -> str:
    nested = "[" * int(rest)

    def recurse() -> int:
        return 1 + recurse()

    return " ".join(map(outcome, (lambda: json.loads(nested + nested.replace("[", "]")), lambda: json.loads(nested), recurse)))


def outcome(act: Callable[[], object]) -> str:
    """Returns the name of the exception that a function raises."""
    try:
        act()
    except Exception as error:
        return type(error).__name__
    return "fine"


def writing(act: Callable[[str], object]) -> Callable[[Client, str], str]:
    """Answers with the result of a write in the contract's words."""

    def answer(client: Client, rest: str) -> str:
        try:
            act(rest)
        except StoreRefused as refused:
            return refused.reason.lower().replace("_", "-")
        return "ok"

    return answer


def keep(rest: str) -> None:
    key, _, text = rest.partition(" ")
    store[key] = text.encode()


def fill(rest: str) -> None:
    for number in range(1, int(rest) + 1):
        store[f"fill/{number:04}"] = str(number).encode()


def kept(client: Client, rest: str) -> str:
    value = store.get(rest)
    return "None" if value is None else f'Some("{value.decode()}")'


def keys(client: Client, rest: str) -> str:
    prefix, _, after = rest.partition(" ")
    return " ".join(key for key, _ in store.list(prefix, after=after or None))


def walk(client: Client, rest: str) -> str:
    """Returns the number of entries, and the last key."""
    found = [key for key, _ in store.entries(rest)]
    return f"{len(found)}, {found[-1]}"


def fail(client: Client, rest: str) -> None:
    broadcast("half an answer")
    client.attach(b"half")
    client.subscribe("half")
    store["half"] = b"half"
    app.deny_new_clients()
    client.close(4000, "half")
    raise RuntimeError(f"told to panic: {rest}")


def spin(client: Client, rest: str) -> None:
    while True:
        pass


async def later(client: Client, rest: str) -> str:
    """Sends `begun`, then sleeps, then answers."""
    client.send("begun")
    await sleep(0.01)
    return rest


def late_import(client: Client, rest: str) -> str:
    """Imports a module late. A component has no files, so the build must have imported it."""
    import textwrap

    return textwrap.shorten(rest, 10)


def import_module(client: Client, rest: str) -> str:
    """Imports a module by its name, which the build cannot see."""
    try:
        return f"{importlib.import_module(rest).__name__} works"
    except ImportError as error:
        return str(error)


def lacks(client: Client, rest: str) -> str:
    """Returns the functions of hashlib that are missing, and the modules that the SDK tells to be missing and that are not."""
    built_in = [name for name in absent.MODULES if {name, f"_{name}"} & set(sys.builtin_module_names)]
    return " ".join([name for name in ("pbkdf2_hmac", "scrypt") if not hasattr(hashlib, name)] + built_in)


def random_number(client: Client, rest: str) -> str:
    import random

    return str(random.random())


async def together(client: Client, rest: str) -> str:
    """Waits for several coroutines at once."""

    async def after(word: str) -> str:
        await asyncio.sleep(0.01)
        return word

    return " ".join(await asyncio.gather(*map(after, rest.split())))


async def in_time(client: Client, rest: str) -> str:
    try:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    except TimeoutError:
        return "too late"


def in_background(client: Client, rest: str) -> str:
    """Starts a task that fails, and that nobody awaits."""

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise RuntimeError(f"told to fail: {rest}")

    asyncio.create_task(fail())
    return "begun"


def connect(client: Client, rest: str) -> str:
    try:
        socket.create_connection((rest, 80))
    except OSError as error:
        return str(error)


words = sqlite3.connect(":memory:")
words.execute("create table words (word text)")


def remember(client: Client, rest: str) -> str:
    """Stores a word in a database, and reads all from a copy that went through bytes, as through `snapshot`."""
    words.execute("insert into words values (?)", [rest])
    copy = sqlite3.connect(":memory:")
    copy.deserialize(words.serialize())
    return " ".join(word for (word,) in copy.execute("select word from words order by word"))


COMMANDS = {
    "say": lambda client, rest: rest,
    "all": lambda client, rest: shown(broadcast(rest)),
    "others": lambda client, rest: shown(broadcast(rest, exclude=[client])),
    "send": send,
    "list": lambda client, rest: f"{[one.id for one in clients()]} of {count()}",
    "get": describe,
    "messages": lambda client, rest: f"{state['messages']} since {state['started']}",
    "close": close,
    "online": lambda client, rest: str(whom(client, rest)[0].is_online).lower(),
    "attach": attach,
    "attachment": attachment,
    "subscribe": lambda client, rest: shown(client.subscribe(rest)),
    "publish": publish_to,
    "of-user": lambda client, rest: str([one.id for one in clients_of_user(rest)]),
    "topics": lambda client, rest: json.dumps(whom(client, rest)[0].topics),
    "subscribers": lambda client, rest: str([one.id for one in subscribers(rest)]),
    "timer": timer,
    "interval": interval,
    "keep": writing(keep),
    "kept": kept,
    "drop": writing(store.__delitem__),
    "clear": writing(lambda _: store.clear()),
    "usage": lambda client, rest: f"{len(store)} keys",
    "keys": keys,
    "fill": writing(fill),
    "walk": walk,
    "print": lambda client, rest: print(rest),
    "panic": fail,
    "spin": spin,
    "later": later,
    **answering.COMMANDS,
    **fetching.COMMANDS,
    **talking.COMMANDS,
    # Cases that only Python has.
    "half-a-pair": lambda client, rest: client.send(json.loads('"a\\ud800b"')) and None,
    "not-a-message": lambda client, rest: client.send(5),
    "no-id": lambda client, rest: shown(Client(-1).send("x")) + " " + shown(Client(2**70).send("x")),
    "late-import": late_import,
    "import": import_module,
    "lacks": lacks,
    "random": random_number,
    "deep": deep,
    "together": together,
    "in-time": in_time,
    "in-background": in_background,
    "connect": connect,
    "remember": remember,
}


@app.on_upgrade
def gate(request: Request):
    match request.path:
        case "/refuse":
            return Refuse(418)
        case "/refuse-in-words":
            return Refuse(401, {"www-authenticate": "Bearer", "content-type": "text/html"}, "<p>Who are you?</p>")
        case path if path.startswith("/user/"):
            user = path.removeprefix("/user/")
            return Accept(user=user, headers=[("x-user", user)], attachment=f"{user} of the gate".encode())
        case "/no-return" if request.resumes:
            return Refuse(410)
        case "/close":
            return Close(4001, "not you")
        case "/panic":
            raise RuntimeError("told to fail in the gate")
        case "/subprotocol":
            return Accept(request.subprotocols[-1])


@app.on_start
def start(reason: str, saved: Saved | None) -> None:
    name = "".join(part.capitalize() for part in reason.split("-"))
    state["started"] = f"Some(StartReason::{name})"


@app.snapshot
def snapshot() -> Saved:
    return Saved("1", state["messages"].to_bytes(4, "little"))


@app.on_drain
def drained(client: Client) -> None:
    client.send("drained")


@app.on_line_lost
def lost(client: Client) -> None:
    publish("presence", f"lost {client.id} online={str(client.is_online).lower()}")


@app.on_line_back
def back(client: Client) -> None:
    publish("presence", f"back {client.id} online={str(client.is_online).lower()}")


@app.on_timer
def due(id: int, payload: bytes) -> None:
    broadcast(f"timer {id} {payload.decode()}")


@app.on_orphan
async def orphan(context: bytes, answer: Body | FetchError) -> None:
    await fetching.tell(context.decode(), answer)


app.on_event(talking.hear)
app.on_request(answering.answer)
