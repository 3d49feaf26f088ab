"""Runs componentize-py, and appends to the component that it makes."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Iterable

from . import archive, distributions
from .inside import FAILURE
from .load import SDK


FOLDER = "/1"
"""The place of the first folder, beside the code, while a component is made."""


IMPORTS = ("http", "replies", "rooms")
"""The optional interfaces that an app calls. It implements the others."""


class NotBuilt(Exception):
    """A build that failed, with the reason in one line. Python's own messages about the app went to stderr before."""


def componentize(
    entry: str, interfaces: Iterable[str], folders: list[str], modules: Iterable[str], output: Path, what: str
) -> None:
    """Makes a component from an entry module, in a world of exactly these optional interfaces. It keeps the files of the
    packages that have these modules. `what` names it in errors."""
    import componentize_py  # type: ignore[import-untyped]

    package = Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="ws-host-guest-") as folder:
        code, wit = Path(folder, "code"), Path(folder, "wit")
        for name in SDK:
            shutil.copytree(package.parent / name, code / name, ignore=shutil.ignore_patterns("__pycache__", "wit"))
        shutil.copytree(package / "wit", wit)
        (wit / "python.wit").write_text(world(interfaces), "utf-8")
        path = [str(code), *folders, *packages()]
        # componentize-py names the folders by their place.
        names = [f"/{place}/" for place, one in enumerate(path) if "site-packages" in one or "dist-packages" in one]
        imports = f"from ws_host_guest import load\nload.packages = {tuple(names)!r}\n"
        imports += "from ws_host_guest.entry import Events, Flow, Gate, Handler, Lifecycle, Presence, Requests, Responses, Timers\n"
        entries, left_out = distributions.kept(modules, path)
        if left_out:
            names_left = ", ".join(left_out)
            print(f"{what} keeps no files of {names_left}, which are too many: import outside of handlers what it needs", file=sys.stderr)
        archive.write(entries, code / archive.NAME)
        (code / "ws_host_component.py").write_text(imports + entry, "utf-8")
        rest: Any = ([], "ws_host_component", output, False, [], [], False, None)
        try:
            componentize_py.componentize([wit], ["python"], [], False, None, path, *rest)
        except AssertionError as problem:
            failure = code / FAILURE
            # componentize-py appends a trace of its own code.
            own = str(problem).partition("\n\nStack backtrace:")[0] + "\n"
            if "fuel allocated for hostcalls" in own:
                own = f"the memory of {what} is too large for componentize-py, which copies at most 128 MiB: import fewer packages\n"
            sys.stderr.write(failure.read_text("utf-8") if failure.is_file() else own)
            raise NotBuilt(f"{what} was not built (see above)") from None


def world(interfaces: Iterable[str]) -> str:
    """Returns the world of a component with these optional interfaces, in WIT."""
    items = "".join(f"    {'import' if one in IMPORTS else 'export'} {one};\n" for one in interfaces)
    return f"world python {{\n    include app;\n{items}}}\n"


def packages() -> list[str]:
    """Returns the folders that this Python takes packages from: its own site-packages, and what `.pth` files add.

    componentize-py itself would ask VIRTUAL_ENV, pipenv and `python3`, hence perhaps another Python than this one.
    """
    standard = {Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib")}
    standard |= {path / "lib-dynload" for path in standard}
    folders = [Path(path) for path in sys.path[1:] if path]
    return [str(path) for path in folders if path.is_dir() and path not in standard]


def write(component: Path, sections: Iterable[tuple[str, bytes]], output: Path) -> None:
    """Copies a component and appends custom sections. A rename ends it, so that nobody reads a half-written file."""
    output.parent.mkdir(parents=True, exist_ok=True)
    beside = output.with_name(output.name + ".new")
    shutil.copyfile(component, beside)
    with beside.open("ab") as file:
        for name, data in sections:
            file.write(custom_section(name, data))
    os.replace(beside, output)


def custom_section(name: str, data: bytes) -> bytes:
    """Encodes a custom section of a component. Such a section may stand anywhere, and its content is free."""
    content = _leb128(len(name.encode())) + name.encode() + data
    return b"\0" + _leb128(len(content)) + content


def _leb128(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
