"""Making a component of an app, with componentize-py."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NAMES = ("app.py", "server.py")
"""What the main file of a folder is called, unless its pyproject.toml says otherwise."""

SECONDS_TO_LOOK = 60
"""How long the app's file may run while it is built. It is to define handlers and come to its end."""

SECTION = "ws-host:app"
"""The custom section of a component that tells the host what the app's file says about itself, as JSON."""


class NotBuilt(Exception):
    """Why there is no component, in one line. What Python says about the app has gone to stderr."""


def build(app: Path, output: Path | None = None) -> Path:
    """Builds the app in this file or folder, and answers where the component is."""
    file = main_file(app)
    if importlib.util.find_spec("componentize_py") is None:
        raise NotBuilt(f"componentize-py is missing. Install it: {sys.executable} -m pip install componentize-py")
    seen = look(file)
    output = output or file.with_suffix(".wasm")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
        made = Path(folder, "made.wasm")
        componentize(file, seen["interfaces"], Path(folder), made)
        hint = {"file": file.name, "port": seen["port"], "host": seen["host"]}
        with made.open("ab") as component:
            component.write(custom_section(SECTION, json.dumps(hint).encode()))
        # Whoever watches the file is to see it whole.
        beside = output.with_name(output.name + ".new")
        shutil.copyfile(made, beside)
        os.replace(beside, output)
    return output


def main_file(app: Path) -> Path:
    """The app's main file: itself, or the one in the folder."""
    if app.is_file():
        return app
    if not app.is_dir():
        raise NotBuilt(f"there is no {app}. Give the app's file, or its folder")
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
    """What the app has, from running its file once. A mistake in it shows here, before the long work."""
    with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
        answer = Path(folder, "answer.json")
        command = [sys.executable, "-m", "ws_host_guest.look", str(file), str(answer)]
        try:
            # What the app prints now is no part of what the build says on stdout.
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=SECONDS_TO_LOOK, env=_environment())
        except subprocess.TimeoutExpired:
            raise NotBuilt(
                f"{file.name} did not come to its end within {SECONDS_TO_LOOK} s. It is run when it is built, to define the "
                "handlers: leave out what waits or loops for ever"
            ) from None
        if done.returncode != 0 or not answer.is_file():
            raise NotBuilt(f"{file.name} was not built (see above)")
        seen: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return seen


def componentize(file: Path, interfaces: list[str], folder: Path, output: Path) -> None:
    """Runs componentize-py on the app, with the world of just those optional interfaces that it has."""
    package = Path(__file__).parent
    code, wit = folder / "code", folder / "wit"
    for name in ("ws_host_guest", "websocket", "websocket_server"):
        shutil.copytree(package.parent / name, code / name, ignore=shutil.ignore_patterns("__pycache__", "wit"))
    shutil.copytree(package / "wit", wit)
    exports = "".join(f"    export {interface};\n" for interface in interfaces)
    (wit / "python.wit").write_text(f"world python {{\n    include app;\n{exports}}}\n", "utf-8")
    (code / "ws_host_component.py").write_text(_entry(file), "utf-8")
    command = [sys.executable, "-c", "import sys, componentize_py; sys.exit(componentize_py.script())"]
    command += ["--quiet", "-d", str(wit), "-w", "python"]
    command += ["componentize", "-p", str(code), "-p", str(file.absolute().parent), "-o", str(output), "ws_host_component"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=_environment())
    if done.returncode != 0 or not output.is_file():
        raise NotBuilt(f"componentize-py did not build {file.name} (see above)")


def _entry(file: Path) -> str:
    """The module that componentize-py imports. What it leaves behind in memory is what an instance starts with."""
    source = file.read_text("utf-8")
    return f"""\
import gc, sys
# A line that the app prints is to become a log line when it is printed.
sys.stdout.reconfigure(line_buffering=True)
from ws_host_guest import _host, load
from ws_host_guest.entry import Flow, Gate, Handler, Lifecycle, Timers
load.load({file.name!r}, {source!r})
_host.open_up()
gc.collect()
gc.freeze()
"""


def _environment() -> dict[str, str]:
    """Has the commands find this package, wherever it is."""
    path = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONDONTWRITEBYTECODE": "1"}


def custom_section(name: str, data: bytes) -> bytes:
    """A custom section of a component, which it may have anywhere and whose meaning is its own."""
    content = _leb128(len(name.encode())) + name.encode() + data
    return b"\0" + _leb128(len(content)) + content


def _leb128(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
