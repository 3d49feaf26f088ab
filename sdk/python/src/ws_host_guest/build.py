"""Builds the component of an app, with componentize-py."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from . import record
from .inside import FAILURE

NAMES = ("app.py", "server.py")
"""The names of a folder's main file, unless its pyproject.toml sets another."""

SECONDS_TO_LOOK = 60
"""How long the app's file may run during a build. It has to define the handlers and end."""

SECTION = "ws-host:app"
"""The custom section of the component with what the host should know about the app, as JSON: file, port, host."""


class NotBuilt(Exception):
    """A build that failed, with the reason in one line. Python's own messages about the app went to stderr before."""


def build(app: Path, output: Path | None = None) -> Path:
    """Builds the app in this file or folder. Returns the path of the component."""
    file = main_file(app)
    if importlib.util.find_spec("componentize_py") is None:
        raise NotBuilt(f"componentize-py is missing. Install it: {sys.executable} -m pip install componentize-py")
    output = output or file.with_suffix(".wasm")
    if record.is_current(file, output, "whole"):
        return output
    seen = look(file)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
        made = Path(folder, "made.wasm")
        componentize(file, seen["interfaces"], Path(folder), made)
        hint = {"file": file.name, "port": seen["port"], "host": seen["host"]}
        with made.open("ab") as component:
            component.write(custom_section(SECTION, json.dumps(hint).encode()))
        # A rename, so that `ws-host run --watch` never reads a half-written file.
        beside = output.with_name(output.name + ".new")
        shutil.copyfile(made, beside)
        os.replace(beside, output)
    record.keep(file, output, "whole", seen["files"])
    return output


def main_file(app: Path) -> Path:
    """Returns the app's main file: `app` itself, or the main file of this folder."""
    if app.is_file():
        return app
    if not app.is_dir():
        raise NotBuilt(f"{app} does not exist. Give the app's file or its folder")
    names: tuple[str, ...] = NAMES
    if (app / "pyproject.toml").is_file() and (chosen := _chosen(app / "pyproject.toml")):
        names = (chosen,)
    for name in names:
        if (app / name).is_file():
            return app / name
    raise NotBuilt(f'{app} has no {" and no ".join(names)}. Name the main file: app = "NAME.py" under [tool.ws-host] in pyproject.toml')


def _chosen(pyproject: Path) -> str | None:
    try:
        import tomllib
    except ImportError:  # Python 3.10
        return None
    try:
        chosen = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {}).get("ws-host", {}).get("app")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise NotBuilt(f"{pyproject} cannot be read: {problem}") from None
    return str(chosen) if chosen else None


def look(file: Path) -> dict[str, Any]:
    """Runs the app's file once to learn its interfaces. A mistake in it shows here, before the long build."""
    with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
        answer = Path(folder, "answer.json")
        command = [sys.executable, "-m", "ws_host_guest.look", str(file), str(answer)]
        try:
            # The build's stdout is for the component's path alone, so the app's prints go to stderr.
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=SECONDS_TO_LOOK, env=_environment())
        except subprocess.TimeoutExpired:
            raise NotBuilt(
                f"{file.name} did not end within {SECONDS_TO_LOOK} s. A build runs the file to collect its handlers: remove "
                "code that waits or loops for ever"
            ) from None
        if done.returncode != 0 or not answer.is_file():
            raise NotBuilt(f"{file.name} was not built (see above)")
        seen: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return seen


def componentize(file: Path, interfaces: list[str], folder: Path, output: Path) -> None:
    """Runs componentize-py on the app, with a world of exactly the optional interfaces that it needs."""
    import componentize_py  # type: ignore[import-untyped]

    package = Path(__file__).parent
    code, wit = folder / "code", folder / "wit"
    for name in ("ws_host_guest", "websocket", "websocket_server"):
        shutil.copytree(package.parent / name, code / name, ignore=shutil.ignore_patterns("__pycache__", "wit"))
    shutil.copytree(package / "wit", wit)
    exports = "".join(f"    export {interface};\n" for interface in interfaces)
    (wit / "python.wit").write_text(f"world python {{\n    include app;\n{exports}}}\n", "utf-8")
    (code / "ws_host_component.py").write_text(_entry(file), "utf-8")
    path = [str(code), str(file.absolute().parent), *packages()]
    try:
        componentize_py.componentize([wit], ["python"], [], False, None, path, [], "ws_host_component", output, False, [], [], False, None)
    except AssertionError as problem:
        failure = code / FAILURE
        # componentize-py appends a trace of its own code.
        text = failure.read_text("utf-8") if failure.is_file() else str(problem).partition("\n\nStack backtrace:")[0] + "\n"
        sys.stderr.write(text)
        raise NotBuilt(f"{file.name} was not built (see above)") from None


def packages() -> list[str]:
    """Returns the folders that this Python takes packages from: its own site-packages, and what `.pth` files add.

    componentize-py itself would ask VIRTUAL_ENV, pipenv and `python3`, hence perhaps another Python than this one.
    """
    standard = {Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib")}
    standard |= {path / "lib-dynload" for path in standard}
    folders = [Path(path) for path in sys.path[1:] if path]
    return [str(path) for path in folders if path.is_dir() and path not in standard]


def _entry(file: Path) -> str:
    """Returns the module that componentize-py imports. Instances start from the memory that it leaves."""
    source = file.read_text("utf-8")
    return f"""\
from ws_host_guest import inside
from ws_host_guest.entry import Flow, Gate, Handler, Lifecycle, Timers
inside.load_app({file.name!r}, {source!r})
"""


def _environment() -> dict[str, str]:
    """Returns an environment in which subprocesses find this package."""
    path = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONDONTWRITEBYTECODE": "1"}


def custom_section(name: str, data: bytes) -> bytes:
    """Encodes a custom section of a component. Such a section may stand anywhere, and its content is free."""
    content = _leb128(len(name.encode())) + name.encode() + data
    return b"\0" + _leb128(len(content)) + content


def _leb128(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
