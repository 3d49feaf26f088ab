"""Uses packages of PyPI in a guest. A client sends the name of one and hears whether it works.

`requirements.txt` has the versions. From this folder:

    python3 -m venv .venv && .venv/bin/pip install .. -r requirements.txt
    ws-host test --guest-memory 128MiB
    .venv/bin/python refused.py
"""

import asyncio
import importlib

from uses import USES, module
from ws_host_guest import App

app = App()
modules, problems = {}, {}
for name in USES:
    try:
        modules[name] = importlib.import_module(module(name))
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
