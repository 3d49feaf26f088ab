// A TCP proxy that breaks connections in the ways in which networks do.

import net from 'node:net';

export class Proxy {
  #target;
  #server;
  #lines = new Set();
  #refuses = false;

  /** A proxy on a free port of this machine, in front of another port. */
  static async before(target) {
    const proxy = new Proxy();
    proxy.#target = target;
    proxy.#server = net.createServer((client) => proxy.#carry(client));
    await new Promise((ready) => proxy.#server.listen(0, '127.0.0.1', ready));
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  #carry(client) {
    if (this.#refuses) return client.resetAndDestroy();
    const server = net.connect(this.#target, '127.0.0.1');
    const line = { client, server };
    this.#lines.add(line);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        if (line.isDead) return;
        if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
      from.on('end', () => line.isDead || to.end());
      from.on('error', () => {});
      from.on('close', () => {
        if (!line.isDead) to.destroy();
        this.#lines.delete(line);
      });
    }
  }

  /** Both sides learn at once that the line is gone. */
  cut() {
    for (const { client, server } of this.#lines) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** The same, and nobody gets through for a while. */
  cutFor(milliseconds) {
    this.#refuses = true;
    this.cut();
    setTimeout(() => (this.#refuses = false), milliseconds);
  }

  /** Nothing passes any more, and then the line is cut: the bytes of the meantime are lost. */
  stall(milliseconds) {
    const lines = [...this.#lines];
    for (const line of lines) line.isDead = true;
    setTimeout(() => lines.forEach(({ client, server }) => [client.resetAndDestroy(), server.resetAndDestroy()]), milliseconds);
  }

  /** The client learns that the line is gone, and the server does not. */
  swallow() {
    for (const line of this.#lines) {
      line.isDead = true;
      line.client.resetAndDestroy();
    }
  }

  /** Nothing passes any more, and nobody learns of it. */
  mute() {
    for (const line of this.#lines) line.isDead = true;
  }

  close() {
    this.cut();
    for (const { server } of this.#lines) server.destroy();
    this.#server.close();
  }
}
