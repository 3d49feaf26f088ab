"""Builds the component of an app, with componentize-py."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import component, quick, record
from .component import NotBuilt

NAMES = ("app.py", "server.py")
"""The names of a folder's main file, unless its pyproject.toml sets another."""

SECONDS_TO_LOOK = 60
"""How long the app's file may run during a build. It has to define the handlers and end."""

SECTION = "ws-host:app"
"""The custom section of the component with what the host should know about the app, as JSON: file, port, host."""


def build(app: Path, output: Path | None = None, quickly: bool = False) -> Path:
    """Builds the app in this file or folder. Returns the path of the component. `quickly` makes one for `ws-host dev`."""
    file = main_file(app)
    if importlib.util.find_spec("componentize_py") is None:
        raise NotBuilt(f"componentize-py is missing. Install it: {sys.executable} -m pip install componentize-py")
    output = output or file.with_suffix(".wasm")
    kind = "quick" if quickly else "whole"
    if record.is_current(file, output, kind):
        return output
    seen = look(file)
    # Before the build: a file that is saved meanwhile leads to another build.
    inputs = record.inputs(file, seen)
    hint = (SECTION, json.dumps({"file": file.name, "port": seen["port"], "host": seen["host"]}).encode())
    if quickly and seen["data"]:
        name = Path(seen["data"][0]).name
        print(f"{file.name} reads {name} outside of handlers, so the whole component is built each time", file=sys.stderr)
    if quickly and not seen["data"]:
        quick.build(file, seen, hint, output)
    else:
        with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
            made = Path(folder, "made.wasm")
            arguments = (file.name, file.read_text("utf-8"), component.FOLDER)
            entry = f"from ws_host_guest import inside\ninside.load_app(*{arguments!r})\n"
            folders, modules = [str(file.absolute().parent)], filter(None, seen["imports"].values())
            component.componentize(entry, seen["interfaces"], folders, modules, made, file.name)
            component.write(made, [hint], output)
    record.keep(file, output, kind, inputs)
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


def _environment() -> dict[str, str]:
    """Returns an environment in which subprocesses find this package."""
    path = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONDONTWRITEBYTECODE": "1"}
