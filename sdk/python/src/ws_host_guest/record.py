"""The record of what went into a component, kept beside it: an unchanged app is not built again."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Iterable

from . import load

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
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def keep(app: Path, component: Path, kind: str, files: dict[str, str]) -> None:
    """Records these files, by the digests that they had before the build, and the tools as the inputs of the component."""
    record = record_of(component)
    if record is not None:
        made = _written(component)
        kept = {"tools": tools(kind), "app": str(app.absolute()), "made": made, "beside": _beside(app), "files": files}
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
    """The SHA-256 of each file."""
    return {file: hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in sorted(files)}


def _written(component: Path) -> list[int]:
    seen = component.stat()
    return [seen.st_size, seen.st_mtime_ns]
