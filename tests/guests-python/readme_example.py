from websocket import WebSocketsServer

def new_client(client, server):
	server.send_message_to_all("Hey all, a new client has joined us")

server = WebSocketsServer(13254)
server.set_fn_new_client(new_client)
server.run_forever()
