// Sends every message back to its sender.

import type { App, Client, Message } from 'ws-host-guest';

class Echo implements App {
  onMessage(client: Client, message: Message): void {
    client.send(message);
  }
}

export default Echo;
