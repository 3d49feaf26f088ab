"""The record of what went into a component, kept beside it: an unchanged app is not built again."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Iterable

from . import distributions, load, noted
from .component import packages

KEPT_IN = ".ws-host"
"""Components below a folder of this name have a record. `ws-host` builds there."""


def record_of(component: Path) -> Path | None:
    """Returns the file of a component's record, or None if this folder keeps no records."""
    kept = KEPT_IN in component.absolute().parts
    return component.with_name(component.name + ".inputs") if kept else None


def is_current(app: Path, component: Path, kind: str) -> bool:
    """Whether the component is what a build of the app would make now, as far as its inputs tell."""
    record = record_of(component)
    if record is None:
        return False
    try:
        kept = json.loads(record.read_text("utf-8"))
        return bool(
            kept["tools"] == tools(kind)
            and kept["app"] == str(app.absolute())
            and kept["made"] == _written(component)
            and kept["beside"] == _beside(app)
            and kept["files"] == digests(kept["files"])
            and kept["variables"] == variables(kept["variables"], kept["salt"])
            and kept["packages"] == state_of_packages(app, kept["modules"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def inputs(app: Path, seen: dict[str, Any]) -> dict[str, Any]:
    """Returns the inputs that a look at the app has seen, for `keep`. The host reads `files`, too."""
    modules, salt = sorted(filter(None, seen["imports"].values())), secrets.token_hex(16)
    its: dict[str, Any] = {"files": digests(seen["files"]), "modules": modules, "packages": state_of_packages(app, modules)}
    return {**its, "salt": salt, "variables": variables(seen["variables"], salt)}


def keep(app: Path, component: Path, kind: str, inputs: dict[str, Any]) -> None:
    """Records these inputs of the component, as they were before the build, and the tools."""
    record = record_of(component)
    if record is not None:
        made = _written(component)
        kept = {"tools": tools(kind), "app": str(app.absolute()), "made": made, "beside": _beside(app), **inputs}
        record.write_text(json.dumps(kept), "utf-8")


def tools(kind: str) -> dict[str, Any]:
    """Everything but the app that decides about the component's bytes."""
    package = Path(__file__).parent
    own = [path for name in load.SDK for path in (package.parent / name).rglob("*") if path.suffix in (".py", ".wit")]
    return {
        "kind": kind,
        "python": [sys.version, sys.prefix, sys.path[1:]],
        "packages": sorted(f"{one.metadata['Name']} {one.version}" for one in metadata.distributions()),
        "sdk": digests(map(str, own)),
    }


def _beside(app: Path) -> list[str]:
    """The names beside the app's file that an import could find. A new one can hide another module."""
    return sorted(path.name for path in app.absolute().parent.iterdir() if path.suffix == ".py" or path.is_dir())


def digests(files: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each file, and for a folder that of the names in it. Hidden ones, like those of the builds, do not count."""
    return {file: _digest(Path(file)) for file in sorted(files)}


def state_of_packages(app: Path, modules: Iterable[str]) -> str:
    """A hash of the files that a component keeps of the packages with these modules. No import may have loaded them yet."""
    return distributions.state(modules, [str(app.absolute().parent), *packages()])


def variables(names: Iterable[str], salt: str) -> dict[str, str | None]:
    """The salted SHA-256 of each variable of the environment, since its value may be a secret. `*` is for the names of all."""
    values = {name: os.environ.get(name) for name in names if name not in _LOOKS}
    if noted.EVERY in values:
        values[noted.EVERY] = " ".join(sorted(set(os.environ) - _LOOKS))
    return {name: None if value is None else hashlib.sha256(os.fsencode(salt + value)).hexdigest() for name, value in values.items()}


_LOOKS = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
"""The variables that a build sets when it looks at the app."""


def _digest(path: Path) -> str:
    """Returns an empty digest of what is missing or cannot be read."""
    try:
        if path.is_dir():
            names = sorted(one.name for one in path.iterdir() if not one.name.startswith((".", "__pycache__")))
            return hashlib.sha256(os.fsencode("/".join(names))).hexdigest()
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _written(component: Path) -> list[int]:
    seen = component.stat()
    return [seen.st_size, seen.st_mtime_ns]
