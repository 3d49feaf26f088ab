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


def jose(m):
    from jose import jwt

    assert jwt.decode(jwt.encode({"sub": "Ann"}, "key"), "key", ["HS256"]) == {"sub": "Ann"}


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
    "arrow": arrow, "attrs": attr, "babel": babel, "beautifulsoup4": bs4, "bleach": bleach, "cachetools": cachetools, "chess": chess,
    "click": click, "dacite": dacite, "ecdsa": ecdsa, "emoji": emoji, "graphql-core": graphql, "h11": h11, "humanize": humanize,
    "itsdangerous": itsdangerous, "Jinja2": jinja2, "lark": lark, "Markdown": markdown, "marshmallow": marshmallow,
    "mistune": mistune, "more-itertools": more_itertools, "msgpack": msgpack, "nanoid": nanoid, "peewee": peewee,
    "pluggy": pluggy, "protobuf": protobuf, "pyparsing": pyparsing, "python-dateutil": dateutil, "python-jose": jose, "pytz": pytz,
    "PyYAML": yaml,
    "requests": network(lambda m: m.get("http://example.com/")),
    "rich": rich, "sortedcontainers": sortedcontainers, "structlog": structlog, "tinydb": tinydb, "toolz": toolz,
    "transitions": transitions, "tzdata": tzdata,
    "urllib3": network(lambda m: m.PoolManager(retries=False).request("GET", "http://example.com/")),
    "wsproto": wsproto,
}  # fmt: skip
"""The packages that work."""

NATIVE, TLS = "needs a native extension", "needs `ssl`"
FAILS = {
    "anyio": TLS, "bcrypt": NATIVE, "cbor2": NATIVE, "cryptography": NATIVE, "httpx": TLS, "jsonschema": NATIVE, "lxml": NATIVE,
    "numpy": NATIVE, "orjson": NATIVE, "pillow": NATIVE, "pycrdt": NATIVE, "pydantic": NATIVE, "PyJWT": TLS, "regex": NATIVE,
    "SQLAlchemy": NATIVE,
}  # fmt: skip
"""The packages that a guest cannot have, each with the reason."""

_MODULES = {
    # These two fail when they are used, in these modules.
    "anyio": "anyio._backends._asyncio", "httpx": "httpcore",
    "attrs": "attr", "beautifulsoup4": "bs4", "cryptography": "cryptography.fernet", "graphql-core": "graphql", "Jinja2": "jinja2",
    "lxml": "lxml.etree", "Markdown": "markdown", "more-itertools": "more_itertools", "pillow": "PIL.Image",
    "protobuf": "google.protobuf", "PyJWT": "jwt", "python-dateutil": "dateutil", "python-jose": "jose", "PyYAML": "yaml",
    "SQLAlchemy": "sqlalchemy",
}  # fmt: skip


def module(package):
    """Returns the name of a package's module."""
    return _MODULES.get(package, package)
