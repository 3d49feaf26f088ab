"""schemathesis against the API of the real binary: each answer is as the API's own description says.

WS_HOST names the binary and GUESTS the folder of built components.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

ADDRESS = re.compile(r"the API is at (http://\S+?:\d+)/")
TOKEN = "0123456789abcdef0123456789abcdef"
# One ends the server. The other's answer may have no end, and OpenAPI 3.1 has no schema for its events.
# A probe's 503 is an answer, which the denial of new clients causes.
LEFT_OUT = ["/v1/shutdown", "/v1/log", "/readyz"]
# It sends wrong tokens, after which an address has to wait. A unit test compares each route with the right that its description names.
# The reason of a close has a limit in bytes, and a schema counts characters: a valid one can be refused.
UNCHECKED = ["ignored_auth", "positive_data_acceptance"]
EXAMPLES = 15
SECONDS = 40


def address(host):
    """Waits for the address, and reads the log on so that the host is not held up."""
    for line in host.stderr:
        if found := ADDRESS.search(line):
            threading.Thread(target=host.stderr.read, daemon=True).start()
            return found[1]
    sys.exit(f"the host ended with {host.wait()} before its API listened")


def check(url):
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/v1/openapi.json", "--no-color"]
    command += ["--header", f"Authorization: Bearer {TOKEN}", "--max-examples", str(EXAMPLES), "--seed", "1"]
    command += ["--phases", "examples,coverage,fuzzing", "--request-timeout", "10", "--max-failures", "20"]
    for path in LEFT_OUT:
        command += ["--exclude-path", path]
    command += ["--exclude-checks", ",".join(UNCHECKED)]
    return subprocess.run(command, timeout=SECONDS, cwd=os.environ.get("TMPDIR", tempfile.gettempdir())).returncode


def main():
    with tempfile.TemporaryDirectory(prefix="ws-host-test-") as folder:
        tokens = pathlib.Path(folder, "tokens")
        tokens.touch(mode=0o600)
        tokens.write_text(f"schemathesis admin {TOKEN}\n")
        guest = pathlib.Path(os.environ["GUESTS"], "echo.wasm")
        command = [os.environ["WS_HOST"], "run", str(guest), "--port", "0", "--socket", str(pathlib.Path(folder, "admin.sock"))]
        command += ["--api", "127.0.0.1:0", "--api-token-file", str(tokens), "--api-rate", "1000000"]
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        host = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
        try:
            return check(address(host))
        finally:
            host.kill()
            host.wait()


if __name__ == "__main__":
    sys.exit(main())
