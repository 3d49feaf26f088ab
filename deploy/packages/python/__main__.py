"""`python -m ws_host` starts the binary in place of the interpreter."""

import os
import sys

from ws_host import find_ws_host_bin

if __name__ == "__main__":
    ws_host = find_ws_host_bin()
    os.execv(ws_host, [ws_host, *sys.argv[1:]])
