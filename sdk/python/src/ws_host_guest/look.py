"""`python -m ws_host_guest.look FILE ANSWER`: runs an app's file and writes to ANSWER, as JSON, what a build needs."""

import json
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from . import absent, load, noted, running, traces


def look(file: Path) -> dict[str, Any]:
    """Runs the file. Returns what a build needs to know about the app.

    `interfaces`, `port` and `host` are what it asks for, `files` all files that it reads and folders that it lists, `data`
    those of them beside it that are no modules, `variables` those of the environment, `own` its own modules, and `imports`
    the other modules with the files of those that come from packages.
    """
    before, source = set(sys.modules), file.read_text("utf-8")
    sys.path.insert(0, str(file.absolute().parent))
    notes = noted.Notes(file.absolute().parent)
    load.load(file.name, source)
    notes.end()  # Without the files that this function itself reads below.
    assert running.app is not None, "load() raises without an app"
    names = sorted(set(sys.modules) - before - {"__main__", file.stem})
    own = {name: known for name in names if (known := _own(sys.modules[name]))}
    others = {name: _file(sys.modules[name]) for name in names if name not in own}
    files = {str(file.absolute()), *notes.opened, *filter(None, map(_file, list(sys.modules.values())))}
    data = {path for path in notes.data if os.path.exists(path)}  # The app may have removed one since.
    return {
        "interfaces": running.interfaces(),
        "port": running.app.port,
        "host": running.app.host,
        "files": sorted({path for path in files if _is_input(path)} | data),
        "data": sorted(data),
        "variables": sorted(notes.variables),
        "own": own,
        "imports": {name: path if path and _is_input(path) else None for name, path in others.items() if _is_public(name)},
    }


def _own(module: ModuleType) -> dict[str, Any] | None:
    """Describes one of the app's own modules. A folder of modules without an `__init__.py` is one too."""
    file, folders = _file(module), list(getattr(module, "__path__", []))
    place = file or (folders[0] if folders else None)
    if place is None or not load.is_own(module.__name__, place) or (file and not file.endswith(".py")):
        return None
    return {"file": place, "package": bool(folders), "source": Path(file).read_text("utf-8") if file else ""}


def _file(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) and os.path.isabs(file) else None


def _is_public(name: str) -> bool:
    """Whether to import a module by its name: the SDK's are there, and private ones come with those that need them."""
    return not name.startswith("_") and name.partition(".")[0] not in load.SDK


def _is_input(path: str) -> bool:
    is_standard = path.startswith(_STANDARD) and "site-packages" not in path
    return not is_standard and not path.endswith(".pyc") and os.path.isfile(path)


_STANDARD = sysconfig.get_path("stdlib")


def main() -> None:
    """Writes the answer, or the traceback of a mistake in the app without this package's own lines."""
    file, answer = map(Path, sys.argv[1:])
    try:
        needs = look(file)
    except Exception as error:
        lack = _lack(error)
        sys.stderr.write(f"{_where(error, file)}{lack}\n" if lack else traces.own_traceback(error))
        sys.exit(1)
    answer.write_text(json.dumps(needs), "utf-8")


def _lack(error: BaseException | None) -> BaseException | None:
    """Returns the error about a module that no guest has, if the app failed for it. A package may have put an ImportError of its own in front."""
    while isinstance(error, ImportError):
        if isinstance(error, absent.NotInAGuest):
            return error
        error = error.__cause__ or error.__context__
    return None


def _where(error: BaseException, file: Path) -> str:
    """The line of the app that imports what no guest has, and the package in between: `app.py:3: pydantic: `."""
    steps = [(step.filename, step.lineno) for step in traceback.extract_tb(error.__traceback__)]
    own = [f"{name}:{line}" for name, line in steps if name == file.name]
    packages = [Path(name).parts for name, _ in steps if "site-packages" in name]
    between = [parts[parts.index("site-packages") + 1].removesuffix(".py") for parts in packages]
    between = [name for name in between if name not in load.SDK]
    return "".join(f"{part}: " for part in [*own[-1:], *between[:1]])


if __name__ == "__main__":
    main()
