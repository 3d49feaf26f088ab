"""A chat with a bot: a text that begins with `@bot ` is a question to an HTTP API like OpenAI's. Its answer comes word by word, while the
chat goes on."""

import json
import os
from typing import AsyncIterator

from ws_host_guest import App, Body, Client, FetchError, Message, Response, broadcast, fetch

CALL = "@bot "

app = App()


@app.on_message
async def said(client: Client, text: Message) -> None:
    if not isinstance(text, str):
        return
    broadcast(f"guest {client.id}: {text}")
    if not text.startswith(CALL):
        return
    # In a handler, since code outside of handlers runs when the bot is built.
    base = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    question = {"role": "user", "content": text.removeprefix(CALL)}
    try:
        response = await fetch(
            f"{base}/chat/completions",
            headers={"authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}"},
            json={"model": os.environ.get("OPENAI_MODEL", "gpt-4o-mini"), "stream": True, "messages": [question]},
            stream=True,
        )
        await speak(response)
    except FetchError as error:
        regret(error)


@app.on_orphan
async def go_on(context: bytes, answer: Body | FetchError) -> None:
    """An instance before this one has asked. Its words are sent already; the others follow."""
    try:
        if isinstance(answer, FetchError):
            raise answer
        await speak(answer)
    except FetchError as error:
        regret(error)


async def speak(body: Body) -> None:
    """Broadcasts each word as it comes, and at the end all of them."""
    if isinstance(body, Response) and not body.ok:
        broadcast(f"* The bot does not answer: {body.status_code}")
        return
    said = ""
    async for word in words(body):
        said += word
        broadcast(f"bot+ {word}")
    broadcast(f"bot: {said}")


async def words(body: Body) -> AsyncIterator[str]:
    """Reads server-sent events."""
    async for line in body.lines():
        data = line.removeprefix("data:").strip()
        if data == line or not data:
            continue
        if data == "[DONE]":
            return
        for choice in json.loads(data).get("choices", [])[:1]:
            if word := choice.get("delta", {}).get("content"):
                yield word


def regret(error: FetchError) -> None:
    """Tells everybody of a failed request."""
    print(error)
    broadcast(f"* The bot does not answer: {error.cause}")
