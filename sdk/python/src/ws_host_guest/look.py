"""`python -m ws_host_guest.look FILE ANSWER`: runs an app's file and writes to ANSWER, as JSON, what a build needs."""

import json
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import Any

from . import absent, load, running, traces


def look(file: Path) -> dict[str, Any]:
    """Runs the file. Returns what a build needs: its interfaces, port and host, and the files that it has read."""
    read: set[str] = set()
    sys.addaudithook(lambda event, values: _note(read, event, values))
    sys.path.insert(0, str(file.absolute().parent))
    load.load(file.name, file.read_text("utf-8"))
    assert running.app is not None, "load() raises without an app"
    modules = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    files = sorted(path for path in modules | read | {str(file.absolute())} if path and _is_input(path))
    return {"interfaces": running.interfaces(), "port": running.app.port, "host": running.app.host, "files": files}


def _note(read: set[str], event: str, values: tuple[Any, ...]) -> None:
    """Notes the files that the app opens for reading."""
    if event == "open" and isinstance(values[0], (str, Path)) and values[1] in ("r", "rb", None):
        read.add(os.path.abspath(values[0]))


def _is_input(path: str) -> bool:
    standard = sysconfig.get_path("stdlib")
    is_standard = path.startswith(standard) and "site-packages" not in path
    return not is_standard and not path.endswith(".pyc") and os.path.isabs(path) and os.path.isfile(path)


def main() -> None:
    """Writes the answer, or the traceback of a mistake in the app without this package's own lines."""
    file, answer = map(Path, sys.argv[1:])
    try:
        needs = look(file)
    except absent.NotInAGuest as error:
        sys.stderr.write(f"{_where(error, file)}{error}\n")
        sys.exit(1)
    except Exception as error:
        sys.stderr.write(traces.own_traceback(error))
        sys.exit(1)
    answer.write_text(json.dumps(needs), "utf-8")


def _where(error: BaseException, file: Path) -> str:
    """The line of the app that imports what no guest has, and the package in between: `app.py:3: pydantic: `."""
    steps = [(step.filename, step.lineno) for step in traceback.extract_tb(error.__traceback__)]
    own = [f"{name}:{line}" for name, line in steps if name == file.name]
    packages = [Path(name).parts for name, _ in steps if "site-packages" in name]
    between = [parts[parts.index("site-packages") + 1].removesuffix(".py") for parts in packages]
    return "".join(f"{part}: " for part in [*own[-1:], *between[:1]])


if __name__ == "__main__":
    main()
