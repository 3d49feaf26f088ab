"""The host as a guard: it runs within an `async with`."""

import asyncio
import os
import pathlib
import re
import signal
import tempfile

# The seconds after which a test gives up. The host pings a silent client after 20.
PATIENCE = 60

ADDRESS = re.compile(r"http://(\S+?:\d+)/")


class Host:
    """`ws-host run GUEST --port 0`, from its first line of output to its end.

    WS_HOST names the binary and GUESTS the folder of built components.
    """

    def __init__(self, guest, *options):
        wasm = pathlib.Path(os.environ["GUESTS"], f"{guest}.wasm")
        self._command = [os.environ["WS_HOST"], "run", str(wasm), "--port", "0", *options]
        self._process = None

    async def __aenter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="ws-host-test-")
        self._log = open(pathlib.Path(self._folder.name, "stderr"), "w+b")
        # Tests have a cache of their own, and neither fill nor use the user's.
        environment = {**os.environ, "XDG_CACHE_HOME": self._folder.name}
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.PIPE, stderr=self._log, env=environment
        )
        try:
            self.authority = await asyncio.wait_for(self._read_address(), PATIENCE)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self._drain = asyncio.create_task(self._process.stdout.read())
        return self

    async def __aexit__(self, *_):
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._log.close()
        self._folder.cleanup()

    @property
    def url(self):
        """The URL for WebSocket clients."""
        return f"ws://{self.authority}/"

    @property
    def page(self):
        """The URL of the page."""
        return f"http://{self.authority}/"

    def terminate(self):
        """Sends SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    async def exit_code(self):
        """Waits for the end."""
        return await asyncio.wait_for(self._process.wait(), PATIENCE)

    async def _read_address(self):
        while line := await self._process.stdout.readline():
            if found := ADDRESS.search(line.decode()):
                return found[1]
        code = await self._process.wait()
        self._log.seek(0)
        raise RuntimeError(f"the host ended with {code} before it listened: {self._log.read().decode()}")
