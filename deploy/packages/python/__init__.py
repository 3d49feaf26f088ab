"""The command ws-host, a WebSocket server whose application is a WebAssembly component."""

import os
import sys
import sysconfig

__all__ = ["find_ws_host_bin"]


def find_ws_host_bin() -> str:
    """Returns the path of the binary that this package has installed.

    Raises FileNotFoundError if it is in none of the folders that installers use.
    """
    parent = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [
        # The environment of this interpreter, and the one that a virtual environment was made from.
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", vars={"base": sys.base_prefix}),
        # `pip install --target`, and `--prefix`: four folders above lib/pythonX.Y/site-packages/ws_host.
        os.path.join(parent, "bin"),
        os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(parent))), "bin"),
        # `pip install --user`.
        sysconfig.get_path("scripts", scheme="posix_user"),
    ]
    for folder in folders:
        path = os.path.join(folder, "ws-host")
        if os.path.isfile(path):
            return path
    raise FileNotFoundError("ws-host is in none of these folders: " + ", ".join(dict.fromkeys(folders)))
