"""The host's functions, as componentize-py binds them.

A build imports the app without a host, so until `open_up` binds them, each function raises.
"""

from __future__ import annotations

import importlib
from typing import Any, NoReturn


class _Absent:
    """Stands in for the host during a build."""

    def __getattr__(self, name: str) -> NoReturn:
        what = name.replace("_", " ")
        raise RuntimeError(
            f"the host cannot be called yet ({what}): code outside handlers runs when the app is built, before any client "
            "connects. Call it in a handler; App.on_start is the first to run"
        )


clients: Any = _Absent()
topics: Any = _Absent()
control: Any = _Absent()
store: Any = _Absent()
http: Any = _Absent()
replies: Any = _Absent()
rooms: Any = _Absent()
types: Any = None
gate: Any = None
lifecycle: Any = None
events: Any = None


class _NotInWorld:
    """Stands for an interface that this component does not import."""

    def __init__(self, import_it: str) -> None:
        self._import_it = import_it

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(f"the build has not seen that the app needs this: write `{self._import_it}` outside of functions")


OPTIONAL = {"http": "from ws_host_guest import fetch", "replies": "@app.on_request", "rooms": "from ws_host_guest import rooms"}
"""The interfaces that an app imports only if it needs them, each with the line that tells a build so."""


class Err(Exception):
    """An error that a function of the host returned. Within a component this is componentize-py's own class."""

    value: Any


def shut() -> None:
    """Unbinds the functions of the host again, until the app is loaded."""
    for name in ("clients", "topics", "control", "store", *OPTIONAL):
        globals()[name] = _Absent()


def open_up() -> None:
    """Binds the functions of the host, at the end of a build. Values of interfaces that are not in this world stay unbound."""
    names = globals()
    names["Err"] = importlib.import_module("componentize_py_types").Err
    for name in ("clients", "topics", "control", "store", "types"):
        names[name] = importlib.import_module(f"wit_world.imports.{name}")
    for name, import_it in OPTIONAL.items():
        try:
            names[name] = importlib.import_module(f"wit_world.imports.{name}")
        except ImportError:
            names[name] = _NotInWorld(import_it)
    for name in ("gate", "lifecycle", "events"):
        try:
            names[name] = importlib.import_module(f"wit_world.exports.{name}")
        except ImportError:
            pass  # The app has no handler of this interface.
