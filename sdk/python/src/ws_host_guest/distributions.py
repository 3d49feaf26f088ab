"""The files of the packages that an app imports, and of those that they require."""

from __future__ import annotations

import re
import zlib
from importlib import metadata
from pathlib import Path
from typing import Iterable

MOST = 24 << 20
"""How many compressed bytes of files a component keeps, in bytes. Its memory at the end of a build can have 128 MiB."""

_NO_DATA = (".a", ".c", ".cpp", ".dll", ".dylib", ".exe", ".h", ".pxd", ".pyc", ".pyd", ".pyi", ".pyx", ".so")
_NO_PARTS = {"__pycache__", "licenses", "test", "tests", "RECORD"}


def kept(modules: Iterable[str], folders: list[str]) -> tuple[list[tuple[str, int, bytes]], list[str]]:
    """Returns the files of the packages with these modules, for an archive, and the packages whose files are too many. The
    component has the n-th of the folders as `/n`."""
    packages: dict[str, list[tuple[str, int, bytes]]] = {}
    found = {package for module in modules if (package := _package(Path(module), folders))}
    for file in sorted(_files(found)):
        if file.suffix in _NO_DATA or not _NO_PARTS.isdisjoint(file.parts) or not file.is_file():
            continue
        place = _place(file, folders)
        if place is not None:
            inside, content = file.relative_to(folders[place]), file.read_bytes()
            entry = (f"/{place}/{inside.as_posix()}", len(content), zlib.compress(content))
            packages.setdefault(inside.parts[0], []).append(entry)
    entries: list[tuple[str, int, bytes]] = []
    left_out, total = [], 0
    for name, its in sorted(packages.items(), key=lambda item: sum(len(piece) for _, _, piece in item[1])):
        total += sum(len(piece) for _, _, piece in its)
        if total <= MOST:
            entries += its
        else:
            left_out.append(name)
    return entries, left_out


def _place(file: Path, folders: list[str]) -> int | None:
    """Returns the place of the folder that has the file: the deepest of them."""
    found = [place for place, folder in enumerate(folders) if file.is_relative_to(folder)]
    return max(found, key=lambda place: len(folders[place]), default=None)


def _package(module: Path, folders: list[str]) -> Path | None:
    """Returns the folder of a module's outermost package, or the module's file if it is in none. A folder without an
    `__init__.py` may be shared by many packages."""
    place = _place(module, folders)
    if place is None:
        return None
    here = Path(folders[place])
    for part in module.relative_to(here).parts:
        here /= part
        if here.is_file() or (here / "__init__.py").is_file():
            return here
    return None


def _files(packages: set[Path]) -> set[Path]:
    """Returns the files of these packages, and those of the distributions that have them or that they require."""
    found: set[Path] = set()
    for package in packages:
        found |= {package} if package.is_file() else set(package.rglob("*"))
    for distribution in _with_requirements([one for one in metadata.distributions() if packages and _has(one, packages)]):
        found |= {Path(str(distribution.locate_file(file))) for file in distribution.files or [] if ".." not in file.parts}
    return found


def _has(distribution: metadata.Distribution, packages: set[Path]) -> bool:
    """Whether a distribution installed one of these packages."""
    root = Path(str(distribution.locate_file("")))
    signs = [package if package.is_file() else package / "__init__.py" for package in packages if package.is_relative_to(root)]
    return not {sign.relative_to(root).as_posix() for sign in signs}.isdisjoint(map(str, distribution.files or []))


def _with_requirements(found: list[metadata.Distribution]) -> list[metadata.Distribution]:
    """Adds the installed distributions that these require, without those of extras."""
    names = {_name(one.metadata["Name"]) for one in found}
    for distribution in found:
        for requirement in distribution.requires or []:
            match = re.match(r"[\w.-]+", requirement)
            if match is None or "extra ==" in requirement or _name(match[0]) in names:
                continue
            names.add(_name(match[0]))
            try:
                found.append(metadata.distribution(match[0]))  # The loop comes to it too.
            except metadata.PackageNotFoundError:
                pass
    return found


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
