"""A component for `ws-host dev`: the runtime comes ready from a folder of caches, and the app's text travels beside it.

CPython, the SDK, the standard library and the app's packages make the runtime, with the memory that importing them leaves. It
is built and compiled again only when one of them changes. The app's own modules stand in the component's last section, which
the host gives an instance as its standard input: so an edit neither runs componentize-py nor compiles Wasm. In exchange, code
outside of handlers runs when an instance starts, not when the component is built.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import absent, component, distributions, record

INTERFACES = ("events", "flow", "gate", "http", "lifecycle", "presence", "responses", "rooms", "timers")
"""The runtime has all other optional interfaces, so that a new handler needs no new runtime. Without a handler they do nothing."""

PLAIN = ("replies", "requests")
"""Without these exports the host answers plain HTTP requests itself, so they are in the runtime of an app that does."""

SECTION = "ws-host:stdin"
"""The section that the host gives to an instance as its standard input. It must be the last."""

KEPT = 8
"""The number of runtimes in the cache; the ones used longest ago go."""

COMMON = """abc array ast asyncio base64 binascii bisect builtins calendar cmath codecs collections colorsys concurrent
configparser contextlib contextvars copy copyreg csv dataclasses datetime decimal difflib dis email encodings enum errno
fnmatch fractions functools gc genericpath getpass gettext glob graphlib gzip hashlib heapq hmac html http importlib inspect io
ipaddress itertools json keyword linecache locale logging marshal math mimetypes ntpath numbers opcode operator os pathlib
pickle pkgutil platform posixpath pprint queue quopri random re reprlib sched secrets select selectors shlex shutil signal
socket sqlite3 sre_compile sre_constants sre_parse stat statistics string stringprep struct subprocess sys sysconfig tempfile
textwrap threading time timeit token tokenize tomllib traceback tracemalloc types typing unicodedata urllib uuid warnings
weakref xml zipfile zipimport zlib zoneinfo""".split()
"""The modules of the standard library that each runtime has loaded."""

LATE = """_strptime collections.abc concurrent.futures contextlib email.message email.utils encodings.ascii encodings.cp1252
encodings.idna encodings.latin_1 encodings.utf_16 html.parser http.cookies importlib.metadata importlib.resources
json.decoder logging.handlers urllib.error urllib.parse urllib.request xml.etree.ElementTree""".split()
"""Their modules that are imported on their own."""


def build(file: Path, seen: dict[str, Any], hint: tuple[str, bytes], output: Path) -> None:
    """Writes the component of this app for `ws-host dev`."""
    app = {"name": file.name, "source": file.read_text("utf-8"), "modules": seen["own"]}
    plain = [name for name in PLAIN if name in seen["interfaces"]]
    component.write(_runtime(seen["imports"], plain, output), [hint, (SECTION, json.dumps(app).encode())], output)


def _runtime(imports: dict[str, str | None], plain: list[str], output: Path) -> Path:
    """Returns a runtime that has these modules. One that the project used before serves, if it has them all."""
    state = output.with_name("runtime.json")
    before = _read(state)
    # Each runtime keeps all of the standard library: a module that it has not loaded is only slower.
    wanted = {name: path for name, path in imports.items() if path or not absent.is_standard(name)}
    both = {**before, **wanted}
    both = {name: path for name, path in both.items() if path is None or Path(path).is_file()}
    runtime = _folder() / f"{_key(both, plain)}.wasm"
    if runtime.is_file():
        os.utime(runtime)
    else:
        new = ", ".join(sorted({name.partition(".")[0] for name in wanted if name not in before}))
        print(f"building the Python runtime of this app once{f', with {new}' if new else ''}", file=sys.stderr)
        _make(runtime, [*INTERFACES, *plain], [*COMMON, *LATE, *both], list(filter(None, both.values())))
    output.parent.mkdir(parents=True, exist_ok=True)
    state.write_text(json.dumps(both), "utf-8")
    return runtime


def _make(runtime: Path, interfaces: list[str], modules: list[str], paths: list[str]) -> None:
    entry = f"from ws_host_guest import inside\ninside.make_runtime({modules!r})\n"
    with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
        made = Path(folder, "made.wasm")
        component.componentize(entry, interfaces, [], paths, made, "the runtime")
        runtime.parent.mkdir(parents=True, exist_ok=True)
        component.write(made, [], runtime)
    kept = sorted(runtime.parent.glob("*.wasm"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[KEPT:]:
        old.unlink(missing_ok=True)


def _key(modules: dict[str, str | None], plain: list[str]) -> str:
    """The name of the runtime with these modules: a hash of all that goes into it."""
    files = record.digests(path for path in modules.values() if path)
    packages = distributions.state(files, component.packages())
    parts = [record.tools("runtime"), plain, sorted(modules), sorted(files.values()), packages]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _read(state: Path) -> dict[str, str | None]:
    try:
        kept = json.loads(state.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _folder() -> Path:
    """Makes the folder of this user's runtimes (XDG Base Directory Specification)."""
    caches = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(caches) if os.path.isabs(caches) else Path.home() / ".cache") / "ws-host" / "python"
    except RuntimeError:
        raise component.NotBuilt("the user has no home for the folder of caches: set HOME or XDG_CACHE_HOME") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        remedy = "set XDG_CACHE_HOME to a folder that can be written"
        raise component.NotBuilt(f"cannot make the folder of caches {folder}: {problem.strerror}; {remedy}") from None
    return folder
