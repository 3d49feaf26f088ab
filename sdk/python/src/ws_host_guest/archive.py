"""The archive of the files that a component keeps: a build writes it, and the component reads it once, within the build."""

from __future__ import annotations

import io
import json
import os
import zlib
from pathlib import Path
from typing import Iterable

from . import files

NAME = "kept.bin"
"""Its name in the folder of the code."""

_UNUSED = """__pycache__ ctypes curses ensurepip idlelib lib2to3 pydoc_data site-packages test tests tkinter turtledemo
turtle.py venv""".split()
"""Parts of the standard library that no guest uses."""

_ROOM = 3 << 20
"""Room for the compressed standard library, which takes less. A buffer that grows leaves its former content in the snapshot."""


def write(entries: Iterable[tuple[str, int, bytes]], output: Path) -> None:
    """Writes an archive of these files: the path in the component, the size, and the compressed content."""
    index, pieces, end = [], [], 0
    for path, size, piece in entries:
        index.append((path, end, end + len(piece), size))
        pieces.append(piece)
        end += len(piece)
    tail = json.dumps(index).encode()
    output.write_bytes(b"".join([*pieces, tail, len(tail).to_bytes(8, "little")]))


def keep(archive: Path) -> None:
    """Takes the files of an archive into the component's memory."""
    with io.FileIO(archive) as file:
        data = file.readall()
    length = int.from_bytes(data[-8:], "little")
    for path, start, end, size in json.loads(data[-8 - length : -8]):
        files.add(path, files.Kept(data, start, end, size))


def keep_standard_library() -> None:
    """Takes the files of the standard library into the component's memory."""
    data, end = bytearray(_ROOM), 0
    # The module `os` is frozen, so its own path may be wrong.
    for folder, below, names in os.walk(Path(json.__file__).parents[1]):
        below[:] = sorted(name for name in below if name not in _UNUSED and not name.startswith("config-"))
        for name in sorted(names):
            if name not in _UNUSED and not name.endswith((".so", ".pyc")):
                path = os.path.join(folder, name)
                with io.FileIO(path) as file:
                    content = file.readall()
                piece = zlib.compress(content)
                data[end : end + len(piece)] = piece
                files.add(path, files.Kept(data, end, end + len(piece), len(content)))
                end += len(piece)
