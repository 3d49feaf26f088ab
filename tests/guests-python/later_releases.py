"""A program for later releases of python-websocket-server, with their names and their order of arguments."""

import logging

from websocket_server import WebsocketServer


def new_client(client, server):
    client["name"] = "guest"
    server.send_message(client, f"you are {client['id']} from {client['address'][0]}:{client['address'][1]}")


def client_left(client, server):
    here = [one["id"] for one in server.clients]
    server.send_message_to_all(f"{client['name']} {client['id']} left, here are {here}")


def message_received(client, server, message):
    if isinstance(message, bytes):
        client["handler"].send_message(message[::-1])
        return
    command, _, rest = message.partition(" ")
    match command:
        case "name":
            client["name"] = rest
            server.send_message(client, f"you are {rest}")
        case "who":
            server.send_message(client, ", ".join(f"{one['id']} {one['name']}" for one in server.clients))
        case "tell":
            name, _, text = rest.partition(" ")
            for one in server.clients:
                if one["name"] == name:
                    one["handler"].send_text(text)
        case "kick":
            server.clients[int(rest) - 1]["handler"].send_close(4000, b"out")
        case "deny":
            server.deny_new_connections()
            server.send_message(client, "denied")
        case "allow":
            server.allow_new_connections()
            server.send_message(client, "allowed")
        case "everybody-out":
            server.disconnect_clients_gracefully(1001, b"closing time")
        case "everybody-out-at-once":
            server.disconnect_clients_abruptly()
        case "shutdown":
            server.shutdown_gracefully()


server = WebsocketServer(host="127.0.0.1", port=13254, loglevel=logging.INFO)
server.set_fn_new_client(new_client)
server.set_fn_client_left(client_left)
server.set_fn_message_received(message_received)
server.run_forever(threaded=True)
