"""Notes on what a program reads while it runs: files, folders, and variables of the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Iterator

from . import absent, load

EVERY = "*"
"""Stands for the names of all variables."""


class Notes:
    """The files and variables that the program in a folder reads, from now until `end`."""

    def __init__(self, folder: Path) -> None:
        self.opened: set[str] = set()
        """All files that are opened for reading."""
        self.data: set[str] = set()
        """The files and folders of the program that it reads itself or through a package, other than by an import."""
        self.variables: set[str] = set()
        """The variables of the environment that the program or a package reads."""
        self._folder, self._ended = folder, False
        sys.addaudithook(self._event)
        _Environment.notes = self
        environments: list[Any] = [os.environ, getattr(os, "environb", os.environ)]  # Windows has no `environb`.
        for environment in environments:
            environment.__class__ = _Environment

    def end(self) -> None:
        """Notes nothing from now on."""
        self._ended = True

    def variable(self, name: Any) -> None:
        """Notes a variable that is read."""
        if not self._ended and _asks(sys._getframe(2)):
            self.variables.add(os.fsdecode(name))

    def _event(self, event: str, values: tuple[Any, ...]) -> None:
        if self._ended or event not in ("open", "os.listdir", "os.scandir"):
            return
        path = values[0] if event == "open" or values[0] is not None else "."
        if not isinstance(path, (str, bytes, os.PathLike)) or (event == "open" and values[1] not in ("r", "rb", None)):
            return
        path = os.path.abspath(os.fsdecode(path))
        if event == "open":
            self.opened.add(path)
        if self._is_data(path) and "importlib" not in sys._getframe(1).f_code.co_filename and _asks(sys._getframe(1)):
            self.data.add(path)

    def _is_data(self, path: str) -> bool:
        is_here = Path(path).is_relative_to(self._folder) and not any(part in path for part in load.packages)
        return is_here and os.path.exists(path)


class _Environment(type(os.environ)):  # type: ignore[misc]
    """`os.environ` or `os.environb`, which notes what is read of it."""

    notes: Notes

    def __getitem__(self, name: Any) -> Any:
        self.notes.variable(name)
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[Any]:
        self.notes.variable(EVERY)
        return super().__iter__()  # type: ignore[no-any-return]


def _asks(frame: FrameType | None) -> bool:
    """Whether the program or a package asks, perhaps through the standard library. The SDK itself does not count."""
    while frame is not None and (absent.is_standard(_module(frame)) or "importlib" in frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and _module(frame).partition(".")[0] not in load.SDK


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
