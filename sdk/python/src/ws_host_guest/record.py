"""The record of what went into a component, kept beside it: an unchanged app is not built again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Iterable

from . import load, noted

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
            and kept["variables"] == variables(kept["variables"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def keep(app: Path, component: Path, kind: str, files: dict[str, str], names: Iterable[str]) -> None:
    """Records these files, by the digests that they had before the build, the variables of these names, and the tools as the
    inputs of the component. The host reads `files`, too."""
    record = record_of(component)
    if record is not None:
        made = _written(component)
        kept: dict[str, Any] = {"tools": tools(kind), "app": str(app.absolute()), "made": made, "beside": _beside(app), "files": files}
        kept["variables"] = variables(names)
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


def variables(names: Iterable[str]) -> dict[str, str | None]:
    """The SHA-256 of each variable of the environment, since its value may be a secret. `*` is for the names of all."""
    values = {name: os.environ.get(name) for name in names if name not in _LOOKS}
    if noted.EVERY in values:
        values[noted.EVERY] = " ".join(sorted(set(os.environ) - _LOOKS))
    return {name: None if value is None else hashlib.sha256(value.encode()).hexdigest() for name, value in values.items()}


_LOOKS = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
"""The variables that a build sets when it looks at the app."""


def _digest(path: Path) -> str:
    if path.is_dir():
        names = sorted(one.name for one in path.iterdir() if not one.name.startswith((".", "__pycache__")))
        return hashlib.sha256("/".join(names).encode()).hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _written(component: Path) -> list[int]:
    seen = component.stat()
    return [seen.st_size, seen.st_mtime_ns]
