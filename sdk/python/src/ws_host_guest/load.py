"""Runs an app's file during a build, as `python FILE` would: once to look at it, once within the component."""

from __future__ import annotations

import ast
import importlib
import linecache
import sys
from types import ModuleType

from . import absent, running

SDK = ("ws_host_guest", "websocket", "websocket_server")
"""The packages of this SDK."""

packages: tuple[str, ...] = ("site-packages", "dist-packages")
"""Parts of a path that tell a package's file from the app's. Within a component, folders have other names."""

# Standard modules, each with the modules that it imports only on first use.
_LATE = {"datetime": ["_strptime"], "codecs": ["encodings.ascii", "encodings.latin_1", "encodings.idna"]}


def load(name: str, source: str) -> None:
    """Runs the source of the file as the main program. The module is also importable under the file's own name."""
    code = compile(source, name, "exec")
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    main = ModuleType("__main__")
    main.__file__ = name
    absent.install()
    before = set(sys.modules)
    sys.modules["__main__"] = main
    sys.modules[name.removesuffix(".py")] = main
    try:
        exec(code, main.__dict__)
    except SystemExit:
        pass  # A program may exit: its handlers are registered by now.
    sources = {name: source} | _sources(set(sys.modules) - before)
    trees = [ast.parse(source) for source in sources.values()]
    _import_what_functions_import(trees)
    running.prepare(any(isinstance(node, ast.AsyncFunctionDef) for tree in trees for node in ast.walk(tree)))
    if running.app is None:
        raise SystemExit(f"{name} creates neither an App nor a WebSocketsServer, so it has nothing to serve")
    if not running.app.served:
        raise SystemExit(f"{name} creates a WebSocketsServer but never calls its run_forever()")


def _sources(modules: set[str]) -> dict[str, str]:
    """Returns the sources of the app's own modules. They are kept for tracebacks: a component cannot read its files."""
    found = {}
    for module in map(sys.modules.get, modules):
        file = getattr(module, "__file__", None)
        if module and file and file.endswith(".py") and is_own(module.__name__, file):
            lines = linecache.getlines(file)
            linecache.cache[file] = (0, None, lines, file)
            found[file] = "".join(lines)
    return found


def is_own(name: str, file: str) -> bool:
    """Whether a module with this name and file is the app's own: no package, none of the standard library or of this SDK."""
    of_others = name.partition(".")[0] in SDK or absent.is_standard(name)
    return not of_others and not any(part in file for part in packages)


def _import_what_functions_import(trees: list[ast.Module]) -> None:
    """Imports the modules that functions import when called: a component has no files to import from later."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    try_import(alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                try_import(node.module)
                for alias in node.names:
                    _try_name(node.module, alias.name)
    for module, late in _LATE.items():
        if module in sys.modules:
            for name in late:
                try_import(name)


def _try_name(module: str, name: str) -> None:
    """Imports a name from a module, which may be a module itself or lead to one that the first look at the name loads (PEP 562)."""
    try:
        getattr(sys.modules.get(module), name)
    except Exception:
        try_import(f"{module}.{name}")


def try_import(name: str) -> None:
    """Imports a module, if it can be imported."""
    if name not in sys.modules:
        try:
            importlib.import_module(name)
        except Exception:
            pass  # It may be meant for another platform. The import raises again where it is needed.
