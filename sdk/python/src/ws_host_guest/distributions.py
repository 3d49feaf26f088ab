"""The files of the packages that an app imports, and of those that they require."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import stat
import zlib
from importlib import metadata
from pathlib import Path
from typing import Iterable, NamedTuple

MOST = 24 << 20
"""How many compressed bytes of files a component keeps, in bytes. Its memory at the end of a build can have 128 MiB."""

_NO_DATA = (".a", ".c", ".cpp", ".dll", ".dylib", ".exe", ".h", ".pth", ".pxd", ".pyc", ".pyd", ".pyi", ".pyx", ".so")
_NO_PARTS = {"__pycache__", "licenses", "test", "tests"}
_HIDDEN = (".", "__editable__")
"""Files like `.env` may have secrets, and those of editable installations have the paths of this machine."""

_OF_DISTRIBUTIONS = (".dist-info", ".egg-info")
_METADATA = {"METADATA", "PKG-INFO", "entry_points.txt", "requires.txt", "top_level.txt"}
"""The files of a distribution that `importlib.metadata` reads. The other files tell where and how it was installed."""


class _File(NamedTuple):
    inside: str
    """Its path in the component."""
    package: str
    path: str
    seen: os.stat_result


def kept(modules: Iterable[str], folders: list[str]) -> tuple[list[tuple[str, int, bytes]], list[str]]:
    """Returns the files of the packages with these modules, for an archive, and the packages whose files are too many. The
    component has the n-th of the folders as `/n`."""
    packages: dict[str, list[tuple[str, int, bytes]]] = {}
    for file in _chosen(modules, folders):
        content = Path(file.path).read_bytes()
        packages.setdefault(file.package, []).append((file.inside, len(content), zlib.compress(content)))
    entries: list[tuple[str, int, bytes]] = []
    left_out, total = [], 0
    for name, its in sorted(packages.items(), key=lambda item: sum(len(piece) for _, _, piece in item[1])):
        total += sum(len(piece) for _, _, piece in its)
        if total <= MOST:
            entries += its
        else:
            left_out.append(name)
    return entries, left_out


def state(modules: Iterable[str], folders: list[str]) -> str:
    """Returns a hash that changes with the files that `kept` returns. It looks at their paths, sizes and times alone, which is quick."""
    seen = [f"{file.path} {file.seen.st_size} {file.seen.st_mtime_ns}" for file in _chosen(modules, folders)]
    return hashlib.sha256(os.fsencode("\n".join(seen))).hexdigest()


def _chosen(modules: Iterable[str], folders: list[str]) -> list[_File]:
    """Returns the files to keep of the packages with these modules, sorted by their paths."""
    packages = {package for module in modules if (package := _package(Path(module), folders))}
    chosen = []
    for path in sorted(_files(packages)):
        place = _place(path, folders)
        if place is None:
            continue
        parts = path[len(os.path.join(folders[place], "")) :].split(os.sep)
        if not _is_kept(parts):
            continue
        try:
            seen = os.stat(path)
        except OSError:
            continue
        if stat.S_ISREG(seen.st_mode):
            chosen.append(_File(f"/{place}/{'/'.join(parts)}", parts[0], path, seen))
    return chosen


def _is_kept(parts: list[str]) -> bool:
    """Whether a component keeps a file with this path below a folder of packages."""
    if parts[-1].endswith(_NO_DATA) or not _NO_PARTS.isdisjoint(parts) or any(part.startswith(_HIDDEN) for part in parts):
        return False
    return parts[-1] in _METADATA or not any(part.endswith(_OF_DISTRIBUTIONS) for part in parts[:-1])


def _place(file: str, folders: list[str]) -> int | None:
    """Returns the place of the folder that has the file: the deepest of them."""
    found = [place for place, folder in enumerate(folders) if file.startswith(os.path.join(folder, ""))]
    return max(found, key=lambda place: len(folders[place]), default=None)


def _package(module: Path, folders: list[str]) -> Path | None:
    """Returns the folder of a module's outermost package, or the module's file if it is in none. A folder without an
    `__init__.py` may be shared by many packages."""
    place = _place(str(module), folders)
    if place is None:
        return None
    here = Path(folders[place])
    for part in module.relative_to(here).parts:
        here /= part
        if here.is_file() or (here / "__init__.py").is_file():
            return here
    return None


def _files(packages: set[Path]) -> set[str]:
    """Returns the files of these packages, and those of the distributions that have them or that they require."""
    found: set[str] = set()
    for package in packages:
        found |= {str(package)} if package.is_file() else _below(package)
    for distribution in _with_requirements([one for one in metadata.distributions() if packages and _has(one, packages)]):
        root = str(distribution.locate_file(""))
        found |= {os.path.join(root, name) for name in _listed(distribution) if ".." not in name.split("/")}
    return found


def _below(package: Path) -> set[str]:
    """Returns the files of a package, without those that links take from elsewhere."""
    found, real = set(), os.path.join(os.path.realpath(package), "")
    for folder, _, names in os.walk(package):
        paths = [os.path.join(folder, name) for name in names]
        found |= {path for path in paths if not os.path.islink(path) or os.path.realpath(path).startswith(real)}
    return found


def _has(distribution: metadata.Distribution, packages: set[Path]) -> bool:
    """Whether a distribution installed one of these packages."""
    root = Path(str(distribution.locate_file("")))
    signs = [package if package.is_file() else package / "__init__.py" for package in packages if package.is_relative_to(root)]
    return bool(signs) and not {sign.relative_to(root).as_posix() for sign in signs}.isdisjoint(_listed(distribution))


def _listed(distribution: metadata.Distribution) -> list[str]:
    """Returns the files of a distribution, relative to its root. `files` makes an object of each, which is slow."""
    record = distribution.read_text("RECORD")
    if record is None:
        return [str(file) for file in distribution.files or []]
    return [row[0] for row in csv.reader(record.splitlines()) if row]


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
