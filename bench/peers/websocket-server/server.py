"""`python server.py PORT echo|room`: echoes, or sends each message to all clients. python-websocket-server does not tell its handlers the path of a
client, so one server does one of both. It starts a thread per connection."""

import sys

from websocket_server import WebsocketServer


def echo(client, server, message):
    server.send_message(client, message)


def to_all(client, server, message):
    server.send_message_to_all(message)


# The default of 5 makes connections wait for seconds.
WebsocketServer.request_queue_size = 1024
server = WebsocketServer(host="127.0.0.1", port=int(sys.argv[1]))
server.set_fn_message_received(echo if sys.argv[2] == "echo" else to_all)
server.run_forever()
