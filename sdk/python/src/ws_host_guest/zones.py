"""Time zones: a component has no files, so the data of the package tzdata stays in its memory."""

from __future__ import annotations

import importlib.resources
import io
import sys
from typing import Any

_zones: dict[str, tuple[int, int]] = {}
"""Where the data of each zone begins and ends in `_data`."""

_data = bytearray()
"""All zones in one piece. Objects of their own would lie far apart, each behind the 128 KiB of a reader's buffer."""


def keep() -> None:
    """Reads the zones of tzdata, if it is installed and the app has imported zoneinfo."""
    if "zoneinfo" not in sys.modules:
        return
    import zoneinfo
    import zoneinfo._common as common

    try:
        _collect(importlib.resources.files("tzdata") / "zoneinfo", "")
    except ModuleNotFoundError:
        pass  # Then each look-up says what to install.
    common.load_tzdata = _load  # type: ignore[assignment, unused-ignore]
    zoneinfo.available_timezones = lambda: set(_zones)


def _collect(folder: Any, prefix: str) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/")
        elif "." not in entry.name:
            data = entry.read_bytes()
            if data.startswith(b"TZif"):
                start = len(_data)
                _data.extend(data)
                _zones[prefix + entry.name] = (start, len(_data))


def _load(key: str) -> io.BytesIO:
    if key in _zones:
        start, end = _zones[key]
        return io.BytesIO(_data[start:end])
    import zoneinfo

    remedy = "" if _zones else ": install the package tzdata where the app is built"
    raise zoneinfo.ZoneInfoNotFoundError(f"No time zone found with key {key}{remedy}")
