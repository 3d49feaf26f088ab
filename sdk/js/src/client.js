// A connected client and the headers of its request.

import * as clients from 'ws-host:server/clients@0.2.0';
import * as topics from 'ws-host:server/topics@0.2.0';

import { message, outcome, pack, reason, refuse, unpackOwn } from './values.js';

/** The headers of a request in order, names in lower case. */
export class Headers {
  #pairs;

  constructor(pairs) {
    this.#pairs = pairs;
  }

  get(name) {
    const values = this.getAll(name);
    return values.length === 0 ? null : values.join(', ');
  }

  getAll(name) {
    const wanted = name.toLowerCase();
    return this.#pairs.filter(([other]) => other === wanted).map(([, value]) => value);
  }

  has(name) {
    return this.getAll(name).length > 0;
  }

  [Symbol.iterator]() {
    return this.#pairs[Symbol.iterator]();
  }
}

export class Client {
  #details;
  #headers;

  constructor(id, details) {
    this.id = id;
    this.#details = details;
  }

  get #request() {
    // An instance that took over did not see `onConnect`, so it asks the host.
    this.#details ??= clients.get(this.id) ?? undefined;
    if (!this.#details) throw new Error(`client ${this.id} has left: the host has forgotten its request`);
    return this.#details;
  }

  get address() {
    return this.#request.address;
  }

  get path() {
    return this.#request.path;
  }

  get query() {
    return this.#request.query;
  }

  get headers() {
    return (this.#headers ??= new Headers(this.#request.headers));
  }

  get subprotocol() {
    return this.#request.subprotocol ?? undefined;
  }

  get user() {
    return this.#request.user ?? undefined;
  }

  get topics() {
    return topics.ofClient(this.id);
  }

  get isOnline() {
    return clients.isOnline(this.id);
  }

  get bufferedAmount() {
    return clients.bufferedAmount(this.id) ?? 0;
  }

  get attachment() {
    return unpackOwn(clients.attachment(this.id));
  }

  set attachment(value) {
    const packed = value === undefined ? new Uint8Array() : pack(value);
    try {
      clients.setAttachment(this.id, packed);
    } catch (error) {
      refuse(reason(error), { 'too-big': 'an attachment has at most 16 KiB of JSON' });
    }
  }

  send(data) {
    return outcome(() => clients.send(this.id, message(data)));
  }

  close(code = 1000, why = '') {
    try {
      clients.close(this.id, code, why);
    } catch (error) {
      refuse(reason(error), {
        'invalid-code': `the close code ${code} must not be sent; use 1000 or 3000 to 4999, for example`,
        'reason-too-long': 'a close reason has at most 123 bytes',
      });
    }
  }

  subscribe(topic) {
    try {
      topics.subscribe(this.id, topic);
    } catch (error) {
      refuse(reason(error), {
        'invalid-topic': 'the name of a topic has 1 to 256 bytes',
        limit: 'a client has at most 1,024 topics',
      });
    }
  }

  unsubscribe(topic) {
    topics.unsubscribe(this.id, topic);
  }

  toJSON() {
    return { id: this.id };
  }
}
