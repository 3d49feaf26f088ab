"""`python -m ws_host_guest build app.py -o app.wasm`."""

import argparse
import sys
from pathlib import Path

from .build import build
from .component import NotBuilt


def main() -> int:
    """Reads the command line, builds, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ws_host_guest", description="Build guests for ws-host.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="build the component of an app")
    command.add_argument("app", nargs="?", default=".", type=Path, help="the app's file, or its folder (default: .)")
    command.add_argument("-o", "--output", type=Path, help="the component's file (default: NAME.wasm beside the app's file)")
    command.add_argument("--quickly", action="store_true", help="build a component for `ws-host dev`: soon ready, slower to start")
    arguments = parser.parse_args()
    try:
        component = build(arguments.app, arguments.output, arguments.quickly)
    except (NotBuilt, OSError) as problem:
        print(f"ws_host_guest: {problem}", file=sys.stderr)
        return 1
    print(component)
    return 0


sys.exit(main())
