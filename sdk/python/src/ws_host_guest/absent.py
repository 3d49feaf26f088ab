"""The things that a guest lacks: modules of the standard library, native extensions, and the network.

`install` makes each of them fail with a sentence, in a build's first look at the app as in the component.
"""

from __future__ import annotations

import errno
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from types import FrameType, ModuleType
from typing import Any, Callable, NoReturn, Sequence

MODULES = {
    "bz2": "bzip2 is not compiled in; zlib is",
    "compression.zstd": "Zstandard is not compiled in; zlib is",
    "ctypes": "a guest cannot call C",
    "curses": "a guest has no terminal",
    "dbm.gnu": "a guest has no files",
    "dbm.ndbm": "a guest has no files",
    "fcntl": "a guest has no files",
    "grp": "a guest has no users",
    "lzma": "LZMA is not compiled in; zlib is",
    "mmap": "a guest has no files",
    "pty": "a guest has no terminal",
    "pwd": "a guest has no users",
    "readline": "a guest has no terminal",
    "resource": "the host limits a guest",
    "ssl": "TLS belongs to the host or its proxy",
    "syslog": "print or logging writes to the host's log",
    "termios": "a guest has no terminal",
    "tkinter": "a guest has no screen",
    "tty": "a guest has no terminal",
}
"""The public modules of the standard library that CPython for WebAssembly lacks, each with the reason."""

NO_NETWORK = "a guest has no network of its own: send HTTP requests with `await fetch(url)` of ws_host_guest"
_OPTIONAL = ("bz2", "compression.zstd", "lzma", "ssl")
"""Modules that the rest of the standard library does without. If it had one here, a package would find it loaded."""

_PARTS = ("_bz2", "_ctypes", "_curses", "_lzma", "_ssl", "_tkinter", "_zstd")


class NotInAGuest(ModuleNotFoundError):
    """A module that this machine may have and a guest cannot have."""


class _Finder(MetaPathFinder):
    """Refuses modules that a guest lacks, and prepares asyncio. It asks the other finders for all else."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if (name in MODULES or name in _PARTS) and (name in _OPTIONAL or not _asked_by_the_standard_library()):
            public = name.removeprefix("_")
            reason = MODULES.get(name) or MODULES.get(public) or "it is not compiled in"
            raise NotInAGuest(f"the module {name} is not in a guest: {reason}", name=name)
        spec = _from_others(name, path, target)
        if spec is None or spec.origin is None:
            return spec
        if spec.origin.endswith(tuple(EXTENSION_SUFFIXES)) and not is_standard(name) and not _is_for_a_guest(spec.origin):
            # Without `name=`: `from package import name` would hide the error.
            raise NotInAGuest(f"{name} is a native extension, and a guest runs pure Python alone")
        if name in _CHANGES and spec.loader is not None:
            spec.loader = _Changing(spec.loader, _CHANGES[name])
        return spec


class _Changing(Loader):
    """Loads a module and changes it."""

    def __init__(self, loader: Any, change: Callable[[Any], None]) -> None:
        self._loader, self._change = loader, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._change(module)


def install() -> None:
    """Makes what a guest lacks fail with a sentence from now on."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    _close_the_network()


def use_our_loop(asyncio: Any) -> None:
    """Makes the SDK's loop that of `asyncio.run` and `asyncio.new_event_loop`."""
    policy = getattr(asyncio.events, "_BaseDefaultEventLoopPolicy", None) or asyncio.events.BaseDefaultEventLoopPolicy
    for kind in [policy, *policy.__subclasses__()]:
        kind._loop_factory = staticmethod(_new_loop)


def refuse_https(module: Any) -> None:
    """Makes `urllib.request` and `http.client` tell why they have no HTTPS. For HTTP, the socket tells it."""
    if module.__name__ == "http.client":

        def missing(name: str) -> NoReturn:
            reason = f": {NO_NETWORK}" if name == "HTTPSConnection" else ""
            raise AttributeError(f"module 'http.client' has no attribute {name!r}{reason}")

        module.__getattr__ = missing
        return

    def unknown_open(self: Any, request: Any) -> NoReturn:
        raise module.URLError(no_network() if request.type == "https" else f"unknown url type: {request.type}")

    module.UnknownHandler.unknown_open = unknown_open


_CHANGES: dict[str, Callable[[Any], None]] = {"asyncio": use_our_loop, "http.client": refuse_https, "urllib.request": refuse_https}
"""The modules of the standard library that the SDK changes."""


def _new_loop() -> Any:
    from .loop import Loop

    return Loop()


def _from_others(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if isinstance(finder, _Finder):
            continue
        spec = finder.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


def is_standard(name: str) -> bool:
    """Whether a module of this name belongs to the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names


def _is_for_a_guest(extension: str) -> bool:
    """Whether an extension is one for WebAssembly, which is as good as Python. Only a component can load it."""
    if sys.platform != "wasi":
        return False
    with open(extension, "rb") as file:
        return file.read(4) == b"\0asm"


def _asked_by_the_standard_library() -> bool:
    """Whether a module of the standard library imports: on this machine it may rely on what a guest's copy can do without."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None and is_standard(frame.f_globals.get("__name__", ""))


def _close_the_network() -> None:
    """Makes each function that would open or look up something raise. In a build they would succeed at first, and leave the
    snapshot a handle of the build: the next use of it would end the instance."""
    import _socket

    standard: Any = _socket
    standard.socket = standard.SocketType = type("socket", (standard.socket,), {"__init__": _refuse, "__slots__": ()})
    names = ("getaddrinfo", "gethostbyaddr", "gethostbyname", "gethostbyname_ex", "getnameinfo", "socketpair", "if_nameindex")
    for name in names:
        if hasattr(standard, name):
            setattr(standard, name, _refusing(name))


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise no_network()


def _refusing(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise no_network()

    refuse.__name__ = name
    return refuse


def no_network() -> OSError:
    """The error of everything that needs a network."""
    return OSError(errno.ENETUNREACH, NO_NETWORK)
