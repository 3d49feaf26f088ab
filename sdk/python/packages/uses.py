"""A use of each package: a function that takes its module, and fails if the package does not do what it should."""

import asyncio
import io


def markdown(m):
    assert m.markdown("# hi") == "<h1>hi</h1>"


def mistune(m):
    assert m.html("*a*") == "<p><em>a</em></p>\n"


def jinja2(m):
    assert m.Template("{% for x in xs %}{{ x }},{% endfor %}").render(xs=[1, 2]) == "1,2,"


def yaml(m):
    assert m.safe_load(m.safe_dump({"a": [1, 2]})) == {"a": [1, 2]}


def attr(m):
    point = m.make_class("Point", ["x", "y"])
    assert m.asdict(point(1, 2)) == {"x": 1, "y": 2}


def marshmallow(m):
    schema = m.Schema.from_dict({"age": m.fields.Integer()})()
    assert schema.load({"age": "5"}) == {"age": 5}


def dacite(m):
    from dataclasses import dataclass

    @dataclass
    class Point:
        x: int

    assert m.from_dict(Point, {"x": 5}) == Point(5)


def dateutil(m):
    from dateutil import parser, rrule

    assert parser.parse("2026-11-26T10:00Z").year == 2026
    assert len(list(rrule.rrule(rrule.DAILY, count=3))) == 3


def pytz(m):
    assert str(m.UTC) == "UTC"
    m.timezone("Europe/Berlin")


def tzdata(m):
    from zoneinfo import ZoneInfo
    from datetime import datetime

    assert datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")).utcoffset().seconds == 7200


def arrow(m):
    assert m.get("2026-11-26").shift(days=1).isoformat() == "2026-11-27T00:00:00+00:00"


def humanize(m):
    assert m.naturalsize(1_000_000) == "1.0 MB"


def babel(m):
    from babel.numbers import format_decimal

    assert format_decimal(1234.5, locale="de") == "1.234,5"


def click(m):
    assert m.style("a", fg="red") == "\x1b[31ma\x1b[0m"


def rich(m):
    from rich.console import Console

    console = Console(record=True, file=io.StringIO())
    console.print("[bold]a[/bold]")
    assert "a" in console.export_text()


def structlog(m):
    m.get_logger().info("said", by="Ann")


def itsdangerous(m):
    signer = m.URLSafeSerializer("key")
    assert signer.loads(signer.dumps([1, 2])) == [1, 2]


def ecdsa(m):
    key = m.SigningKey.generate(m.NIST256p)
    assert key.verifying_key.verify(key.sign(b"a"), b"a")


def nanoid(m):
    assert len(m.generate()) == 21


def msgpack(m):
    assert m.unpackb(m.packb({"a": [1, 2.5, b"x"]})) == {"a": [1, 2.5, b"x"]}


def protobuf(m):
    from google.protobuf import struct_pb2

    value = struct_pb2.Struct()
    value.update({"a": 5})
    assert struct_pb2.Struct.FromString(value.SerializeToString())["a"] == 5


def graphql(m):
    assert m.graphql_sync(m.build_schema("type Query { a: Int }"), "{ a }", {"a": 5}).data == {"a": 5}


def peewee(m):
    assert m.SqliteDatabase(":memory:").execute_sql("select 1 + 1").fetchone() == (2,)


def tinydb(m):
    from tinydb.storages import MemoryStorage

    table = m.TinyDB(storage=MemoryStorage)
    table.insert({"a": 5})
    assert table.search(m.where("a") == 5) == [{"a": 5}]


def sortedcontainers(m):
    assert list(m.SortedDict({2: "b", 1: "a"})) == [1, 2]


def more_itertools(m):
    assert list(m.chunked([1, 2, 3], 2)) == [[1, 2], [3]]


def toolz(m):
    assert m.pipe(5, lambda x: x + 1) == 6


def cachetools(m):
    cache = m.TTLCache(10, 60)
    cache["a"] = 5
    assert cache["a"] == 5


def pyparsing(m):
    assert m.Word(m.nums).parse_string("42")[0] == "42"


def lark(m):
    m.Lark('start: "a"+').parse("aaa")


def bs4(m):
    assert m.BeautifulSoup("<p>a<b>c", "html.parser").b.text == "c"


def bleach(m):
    assert m.clean("<script>a</script><b>c</b>") == "&lt;script&gt;a&lt;/script&gt;<b>c</b>"


def chess(m):
    board = m.Board()
    board.push_san("e4")
    assert board.legal_moves.count() == 20


def transitions(m):
    machine = m.Machine(states=["open", "shut"], initial="open")
    machine.add_transition("close", "open", "shut")
    machine.close()
    assert machine.state == "shut"


def pluggy(m):
    assert m.PluginManager("chat").get_plugins() == set()


def emoji(m):
    assert m.emojize(":thumbs_up:") == "\U0001f44d"


def h11(m):
    m.Connection(m.SERVER).receive_data(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")


def wsproto(m):
    m.WSConnection(m.ConnectionType.SERVER)


async def anyio(m):
    async with m.create_task_group() as group:
        group.start_soon(m.sleep, 0.001)


def network(use):
    """For packages whose purpose is a network: they load, and their requests fail with the reason."""

    async def check(m):
        try:
            answer = use(m)
            if asyncio.iscoroutine(answer):
                await answer
        except Exception as error:
            assert "a guest has no network" in str(error), error
        else:
            raise AssertionError("a guest has reached the network")

    return check


USES = {
    "markdown": markdown, "mistune": mistune, "jinja2": jinja2, "yaml": yaml, "attr": attr, "marshmallow": marshmallow,
    "dacite": dacite, "dateutil": dateutil, "pytz": pytz, "tzdata": tzdata, "arrow": arrow, "humanize": humanize, "babel": babel,
    "click": click, "rich": rich, "structlog": structlog, "itsdangerous": itsdangerous, "ecdsa": ecdsa,
    "nanoid": nanoid, "msgpack": msgpack, "google.protobuf": protobuf, "graphql": graphql,
    "peewee": peewee, "tinydb": tinydb, "sortedcontainers": sortedcontainers,
    "more_itertools": more_itertools, "toolz": toolz, "cachetools": cachetools, "pyparsing": pyparsing, "lark": lark,
    "bs4": bs4, "bleach": bleach, "chess": chess, "transitions": transitions, "pluggy": pluggy, "emoji": emoji,
    "h11": h11, "wsproto": wsproto, "anyio": anyio,
    "requests": network(lambda m: m.get("http://example.com/")),
    "urllib3": network(lambda m: m.PoolManager(retries=False).request("GET", "http://example.com/")),
    "httpx": network(lambda m: m.get("http://example.com/")),
}  # fmt: skip
"""The packages that work, by the names of their modules."""

NATIVE = """PIL.Image bcrypt cbor2 cryptography.fernet jsonschema lxml.etree numpy orjson pycrdt pydantic regex
sqlalchemy""".split()
"""Packages that a guest cannot have: each needs a native extension."""
