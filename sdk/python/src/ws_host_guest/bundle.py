"""The app of a component for `ws-host dev`: its modules come from standard input when an instance starts."""

from __future__ import annotations

import gc
import json
import linecache
import os
import sys
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Sequence

from . import _host, load


def load_app() -> None:
    """Loads the app that stands in standard input, as a build would."""
    app = json.loads(_standard_input())
    sys.meta_path.insert(1, _Modules(app["modules"]))
    load.load(app["name"], app["source"])
    _host.open_up()
    gc.collect()
    gc.freeze()


def _standard_input() -> bytes:
    pieces = []
    while piece := os.read(0, 1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


class _Modules(MetaPathFinder, InspectLoader):
    """The app's own modules, by their names."""

    def __init__(self, modules: dict[str, Any]) -> None:
        self._modules = modules
        for module in modules.values():
            text = module["source"]
            linecache.cache[module["file"]] = (len(text), None, text.splitlines(True), module["file"])

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        module = self._modules.get(name)
        if module is None:
            return None
        spec = ModuleSpec(name, self, origin=module["file"], is_package=module["package"])
        spec.has_location = True
        return spec

    def get_source(self, name: str) -> str:
        return str(self._modules[name]["source"])

    def is_package(self, name: str) -> bool:
        return bool(self._modules[name]["package"])

    def exec_module(self, module: ModuleType) -> None:
        known = self._modules[module.__name__]
        exec(compile(known["source"], known["file"], "exec"), module.__dict__)
