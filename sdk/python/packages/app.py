"""Uses packages of PyPI in a guest. A client sends the name of one and hears whether it works.

`requirements.txt` has the versions. From this folder:

    python3 -m venv .venv && .venv/bin/pip install .. -r requirements.txt
    ws-host test
"""

import asyncio
import importlib

from uses import NATIVE, USES
from ws_host_guest import App

app = App()
modules, problems = {}, {}
for name in [*USES, *NATIVE]:
    try:
        modules[name] = importlib.import_module(name)
    except Exception as error:
        problems[name] = f"{type(error).__name__}: {error}"


@app.on_message
async def use(client, name):
    if name in problems:
        client.send(f"{name}: {problems[name]}")
        return
    try:
        answer = USES[name](modules[name])
        if asyncio.iscoroutine(answer):
            await answer
        client.send(f"{name}: works")
    except BaseException as error:
        client.send(f"{name}: {type(error).__name__}: {error}"[:300])
