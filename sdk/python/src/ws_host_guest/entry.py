"""The component's exports. componentize-py looks for these classes; they translate the host's calls for the app."""

from __future__ import annotations

from typing import Any

from . import _host, fit, replies, running
from .reply import HttpRequest
from .room import Client
from .values import Accept, Close, CloseCause, CloseInfo, Refuse, Request, Saved, Source


class Handler:
    """The three handlers that each app has."""

    def on_new_client(self, client: Any) -> None:
        running.run("on_new_client", Client(client.id, client))

    def on_message(self, from_: int, message: Any) -> None:
        running.run("on_message", Client(from_), message.value)

    def on_client_left(self, id: int, info: Any) -> None:
        closed = CloseInfo(info.code, info.reason, info.clean, CloseCause[info.cause.name])
        running.run("on_client_left", Client(id), closed)


class Gate:
    """Decisions about upgrade requests."""

    def on_upgrade(self, request: Any) -> Any:
        address = (request.address.ip, request.address.port)
        asked = Request(address, request.path, request.query, request.headers, request.subprotocols, request.resumes)
        return running.ask("on_upgrade", asked, then=_decision)


class Lifecycle:
    """The start of an instance, and the state that it hands on."""

    def on_start(self, reason: Any, saved: Any) -> None:
        # A release without a `snapshot` handler saves an empty version and no data.
        given = Saved(saved.version, saved.data) if saved and (saved.version or saved.data) else None
        running.ask("on_start", reason.name.lower().replace("_", "-"), given)

    def snapshot(self) -> Any:
        return running.ask("snapshot", then=_saved)


class Flow:
    """Notices that slow clients have caught up."""

    def on_drain(self, id: int) -> None:
        running.run("on_drain", Client(id))


class Presence:
    """Notices about clients that are away."""

    def on_line_lost(self, id: int) -> None:
        running.run("on_line_lost", Client(id))

    def on_line_back(self, id: int) -> None:
        running.run("on_line_back", Client(id))


class Timers:
    """Timers: those of the app, and those that wake its coroutines."""

    def on_timer(self, id: int, payload: bytes) -> None:
        if not running.wake(id, payload):
            running.run("on_timer", id, payload)


class Responses:
    """Answers to HTTP requests. Only an app that has loaded `fetches` exports them."""

    def on_response(self, id: int, context: bytes, outcome: Any) -> None:
        from . import fetches

        fetches.answered(id, context, outcome)

    def on_body(self, id: int, context: bytes, part: Any) -> None:
        from . import fetches

        fetches.continued(id, context, part)


class Requests:
    """Plain HTTP requests to this server."""

    def on_request(self, id: int, request: Any) -> None:
        address = (request.address.ip, request.address.port)
        asked = HttpRequest(address, request.method, request.path, request.query, request.headers, request.body)
        replies.asked(id, asked)

    def on_request_drained(self, id: int) -> None:
        replies.drained(id)

    def on_request_gone(self, id: int) -> None:
        replies.gone(id)


class Events:
    """Messages from other rooms."""

    def on_event(self, source: Any, message: Any) -> None:
        is_outside = isinstance(source, _host.events.Source_Api)
        told = Source(None, source.value) if is_outside else Source(source.value, None)
        running.run("on_event", told, message.value)


def _decision(decision: Any) -> Any:
    gate = _host.gate
    match decision:
        case None:
            return gate.Decision_Accept(gate.Acceptance(None, None, [], b""))
        case Accept(subprotocol, user, headers, attachment):
            agreed = None if subprotocol is None else fit.text(subprotocol)
            named = None if user is None else fit.text(user)
            return gate.Decision_Accept(gate.Acceptance(agreed, named, fit.pairs(headers), fit.data(attachment)))
        case Refuse(status, headers, body):
            content = body.encode(errors="replace") if isinstance(body, str) else fit.data(body)
            return gate.Decision_Refuse(gate.Refusal(status, fit.pairs(headers), content))
        case Close(code, reason):
            return gate.Decision_Close(gate.Rejection(code, fit.text(reason)))
    raise TypeError(f"on_upgrade must return Accept, Refuse, Close or None, not {decision!r}")


def _saved(saved: Any) -> Any:
    if saved is None:
        saved = Saved("", b"")
    if not isinstance(saved, Saved):
        raise TypeError(f"snapshot must return a Saved, not {saved!r}")
    return _host.lifecycle.Saved(fit.text(saved.version), fit.data(saved.data))
