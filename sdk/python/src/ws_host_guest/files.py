"""Files that a component keeps in its memory, to read only, since it has no file system: those of the standard library and
of the app's packages.

So a handler can import a module, or read a package's data, that the build has not loaded.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import stat
import sys
import zlib
from types import TracebackType
from typing import Any, Callable, Iterator, NamedTuple


class Kept(NamedTuple):
    """A file: where its compressed bytes lie, and its size."""

    data: bytes | bytearray
    start: int
    end: int
    size: int

    def read(self) -> bytes:
        """Returns its content."""
        return zlib.decompress(memoryview(self.data)[self.start : self.end], bufsize=max(self.size, 1))


folders: dict[str, dict[str, Kept | None]] = {}
"""The folders by their absolute paths, each with its files by their names. A folder within has None."""


def add(path: str, file: Kept) -> None:
    """Adds a file and the folders above it."""
    above, name = os.path.split(path)
    folders.setdefault(above, {})[name] = file
    while above != "/":
        above, name = os.path.split(above)
        names = folders.setdefault(above, {})
        if name in names:
            break
        names[name] = None


def mount() -> None:
    """Makes Python's functions for files find these, from now on."""
    sys.dont_write_bytecode = True
    ours: dict[Callable[..., Any], Callable[..., Any]] = {
        builtins.open: _open,
        io.open_code: _open_code,
        os.access: _access,
        os.listdir: _listdir,
        os.lstat: _lstat,
        os.scandir: _scandir,
        os.stat: _stat,
    }
    _originals.update({our.__name__: original for original, our in ours.items()})
    # A module may have its own name for one: `from os import stat`.
    for module in list(sys.modules.values()):
        names = vars(module) if hasattr(module, "__dict__") and module is not sys.modules[__name__] else {}
        for name, value in list(names.items()):
            if type(value) in _KINDS and value in ours:
                setattr(module, name, ours[value])


_KINDS = (type(open), type(mount))
_originals: dict[str, Callable[..., Any]] = {}


def _find(path: Any) -> tuple[str, Kept | None] | None:
    """Returns the absolute path of a kept file or folder, and the file."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    whole = os.path.abspath(os.fsdecode(path))
    if whole in folders:
        return whole, None
    above, name = os.path.split(whole)
    file = folders.get(above, {}).get(name)
    return (whole, file) if file else None


class _Reader(io.BytesIO):
    name: Any = None
    mode = "rb"


def _open(
    file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None, newline: Any = None, *rest: Any, **named: Any
) -> Any:
    found = None if set(mode) & set("wax+") else _find(file)
    if found is None:
        return _originals["_open"](file, mode, buffering, encoding, errors, newline, *rest, **named)
    if found[1] is None:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), file)
    reader = _Reader(found[1].read())
    reader.name = file
    return reader if "b" in mode else io.TextIOWrapper(reader, encoding, errors, newline)


def _open_code(path: str) -> Any:
    found = _find(path)
    return _Reader(found[1].read()) if found and found[1] else _originals["_open_code"](path)


def _stat(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
    found = _find(path) if dir_fd is None else None
    if found is None:
        return _originals["_stat"](path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)  # type: ignore[no-any-return]
    return _result(found[1])


def _lstat(path: Any, *, dir_fd: int | None = None) -> os.stat_result:
    return _stat(path, dir_fd=dir_fd, follow_symlinks=False)


def _result(file: Kept | None) -> os.stat_result:
    mode = stat.S_IFREG | 0o444 if file else stat.S_IFDIR | 0o555
    # mode, inode, device, links, user, group, size, and three times: in seconds, as a fraction, in nanoseconds.
    return os.stat_result((mode, 0, 0, 1, 0, 0, file.size if file else 0, 0, 0, 0, 0.0, 0.0, 0.0, 0, 0, 0))


def _access(path: Any, mode: int, **named: Any) -> bool:
    return not mode & os.W_OK if _find(path) else bool(_originals["_access"](path, mode, **named))


def _listdir(path: Any = ".") -> list[Any]:
    found = _find(path)
    return list(_names(*found, path)) if found else list(_originals["_listdir"](path))


def _scandir(path: Any = ".") -> Any:
    found = _find(path)
    return _Entries(path, _names(*found, path)) if found else _originals["_scandir"](path)


def _names(whole: str, file: Kept | None, path: Any) -> dict[str, Kept | None]:
    if file:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return folders[whole]


class _Entry:
    """An entry that `os.scandir` finds."""

    def __init__(self, path: Any, name: str, file: Kept | None) -> None:
        self.name, self.path, self._file = name, os.path.join(os.fsdecode(path), name), file

    def __fspath__(self) -> str:
        return self.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._file is None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._file is not None

    def is_symlink(self) -> bool:
        return False

    is_junction = is_symlink

    def inode(self) -> int:
        return 0

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return _result(self._file)


class _Entries:
    """The iterator that `os.scandir` returns."""

    def __init__(self, path: Any, names: dict[str, Kept | None]) -> None:
        self._entries = (_Entry(path, name, file) for name, file in names.items())

    def __iter__(self) -> Iterator[_Entry]:
        return self

    def __next__(self) -> _Entry:
        return next(self._entries)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def close(self) -> None:
        """Does nothing."""
