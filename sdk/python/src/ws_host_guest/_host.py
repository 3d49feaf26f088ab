"""The host's functions, as componentize-py binds them.

While the app is imported, which happens when it is built, there is no host: each of them raises. `open_up` changes that.
"""

from __future__ import annotations

import importlib
from typing import Any, NoReturn


class _Absent:
    """Stands for the host as long as there is none."""

    def __getattr__(self, name: str) -> NoReturn:
        what = name.replace("_", " ")
        raise RuntimeError(
            f"the host cannot be asked for this yet ({what}): what stands outside of handlers runs when the app is built, "
            "and nobody is connected then. Do it in a handler; App.on_start is the first to run"
        )


clients: Any = _Absent()
topics: Any = _Absent()
control: Any = _Absent()
types: Any = None
gate: Any = None
lifecycle: Any = None


class Err(Exception):
    """An error that a function of the host answered. (componentize-py's own class, within a component.)"""

    value: Any


def open_up() -> None:
    """Binds the functions of the host, at the end of a build. What this world does not have stays unbound."""
    names = globals()
    names["Err"] = importlib.import_module("componentize_py_types").Err
    for name in ("clients", "topics", "control", "types"):
        names[name] = importlib.import_module(f"wit_world.imports.{name}")
    for name in ("gate", "lifecycle"):
        try:
            names[name] = importlib.import_module(f"wit_world.exports.{name}")
        except ImportError:
            pass  # The app has no such handler.
