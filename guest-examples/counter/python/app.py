"""A counter of visits, which a restart of the host does not lose."""

from ws_host_guest import App, Client, store

app = App()


@app.on_new_client
def joined(client: Client) -> None:
    visits = int(store.get("visits", b"0")) + 1
    store["visits"] = str(visits).encode()
    app.broadcast(f"visit {visits}")
