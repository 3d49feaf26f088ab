// A room without a host, for the tests of an application. `testing.d.ts` documents it.

import { Asked } from './asked.js';
import { LARGEST_ATTACHMENT, closeError } from './host/clients.js';
import { Host } from './host/index.js';
import { bytes, sizeOf } from './host/refused.js';
import { Reply } from './reply.js';
import { evaluated, scriptOf } from './script.js';
import { State } from './state.js';

// The stack of an error has the positions in the sources.
process.setSourceMapsEnabled(true);

/** The end of a connection that its client closes without a code. */
const LEAVES = { code: 1005, reason: '', clean: true, cause: 'client' };

/** The end of a client whose event the handler has failed on. */
const TRAP = { code: 1011, reason: 'the application failed' };

const LONGEST_USER = 256;
const LARGEST_STATE = 16 << 20;

/** Returns a message of the contract, with bytes of its own. */
function carried(data) {
  if (typeof data === 'string') return { tag: 'text', val: data.toWellFormed() };
  if (ArrayBuffer.isView(data)) return { tag: 'binary', val: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() };
  if (data instanceof ArrayBuffer) return { tag: 'binary', val: new Uint8Array(data).slice() };
  throw new TypeError('a client says a string or bytes');
}

/** Returns the pairs of headers that are given as an object or as pairs. */
function inLowerCase(headers) {
  const pairs = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers);
  return pairs.map(([name, value]) => [name.toLowerCase(), String(value)]);
}

/** Each instance evaluates the script anew, so that it has variables of its own. */
let instances = 0;

/** The room has not let a client in. */
export class Refused extends Error {
  constructor(how) {
    super(`the room does not let the client in: ${how.status ? `HTTP status ${how.status}` : `close code ${how.code} ${how.reason}`.trimEnd()}`);
    Object.assign(this, { name: 'Refused', ...how });
  }
}

export class Room {
  #state = new State();
  #opened = Date.now();
  #env;
  #script;
  #host;
  #exports;
  #saved;
  #lastId = 0;
  #lastReply = 0;
  /** Answers the requests of the application to HTTP servers, if the test has given it. */
  #fetch;
  /** The requests of the application by id. */
  #asked = new Map();
  /** The end of the last event. */
  #events = Promise.resolve();

  constructor(key, script, { env, fetch, name, rooms }) {
    if (key !== Room.#open) throw new TypeError('a room is opened by `await Room.open()`');
    this.#script = script;
    this.#env = env;
    this.#fetch = fetch;
    this.#state.name = name;
    if (rooms) this.#state.rooms = new Set(rooms);
  }

  static #open = Symbol('open');

  static async open(module = undefined, { env = {}, fetch = undefined, name = 'main', rooms = undefined } = {}) {
    const room = new Room(Room.#open, await scriptOf(module), { env, fetch, name, rooms });
    await room.#next(() => room.#start('fresh'));
    return room;
  }

  get app() {
    return this.#exports.application();
  }

  get isAdmitting() {
    return !this.#state.isDenying;
  }

  get asked() {
    const { requests } = this.#state;
    for (const id of this.#asked.keys()) if (!requests.has(id)) this.#asked.delete(id);
    for (const [id, request] of requests) if (!this.#asked.has(id)) this.#asked.set(id, new Asked(id, request, this.#server));
    return [...this.#asked.values()];
  }

  get store() {
    return this.#exports.room.store;
  }

  join(target = '/', { headers = {}, subprotocols = [], resumes = false, address = { ip: '127.0.0.1', port: 50_000 } } = {}) {
    return this.#next(async () => {
      const [path] = target.split('?', 1);
      const request = { address, path, query: target.slice(path.length + 1), headers: inLowerCase(headers) };
      const { subprotocol, user, attachment } = await this.#decide({ ...request, subprotocols: [...subprotocols], resumes });
      const id = ++this.#lastId;
      const details = { id, ...request, subprotocol, user };
      this.#state.members.set(id, details);
      if (attachment.length > 0) this.#state.attachments.set(id, attachment);
      await this.#event((exports) => exports.handler.onNewClient(details), id);
      return id;
    });
  }

  says(id, data) {
    const message = carried(data);
    return this.#next(async () => {
      if (this.#state.isOpen(id)) await this.#event((exports) => exports.handler.onMessage(id, message), id);
    });
  }

  goesAway(id) {
    return this.#next(async () => {
      if (!this.#state.isOpen(id) || this.#state.away.has(id)) return;
      this.#state.away.add(id);
      await this.#event((exports) => exports.presence.onLineLost(id), id);
    });
  }

  comesBack(id) {
    return this.#next(async () => {
      if (this.#state.away.delete(id)) await this.#event((exports) => exports.presence.onLineBack(id), id);
    });
  }

  leaves(id, info = {}) {
    return this.#next(() => this.#end(id, { ...LEAVES, ...info }));
  }

  hears(id) {
    const messages = this.#state.heard.get(id) ?? [];
    this.#state.heard.delete(id);
    return messages;
  }

  request(target = '/', { method = 'GET', headers = {}, body = '', address = { ip: '127.0.0.1', port: 50_000 } } = {}) {
    return this.#next(async () => {
      const [path] = target.split('?', 1);
      const id = ++this.#lastReply;
      const asked = { address, method, path, query: target.slice(path.length + 1), headers: inLowerCase(headers), body: bytes(body) };
      const isHandled = typeof this.app.onRequest === 'function';
      this.#state.replies.set(id, isHandled ? { pieces: [], isOver: false } : { head: { status: 404, headers: [] }, pieces: [], isOver: true });
      if (isHandled) await this.#event((exports) => exports.requests.onRequest(id, asked));
      return new Reply(id, this.#client);
    });
  }

  event(source, data) {
    const { room, api } = typeof source === 'string' ? { room: source } : source;
    const from = api === undefined ? { tag: 'room', val: room } : { tag: 'api', val: api };
    const message = carried(data);
    return this.#next(() => this.#event((exports) => exports.events.onEvent(from, message)));
  }

  receives(room) {
    const messages = this.#state.sent.get(room) ?? [];
    this.#state.sent.delete(room);
    return messages;
  }

  closed(id) {
    const how = this.#state.closed.get(id);
    return how && { ...how };
  }

  attachment(id) {
    return this.#exports.room.client(id)?.attachment;
  }

  subscribers(topic) {
    return this.#exports.room.subscribers(topic).map((client) => client.id);
  }

  wait(milliseconds) {
    return this.#next(async () => {
      const end = this.#state.now + Math.round(milliseconds * 1000);
      for (let timer = this.#state.takeDue(end); timer; timer = this.#state.takeDue(end)) {
        await this.#event((exports) => exports.timers.onTimer(timer.id, timer.payload));
      }
      this.#state.now = end;
    });
  }

  swap(module = undefined) {
    return this.#next(async () => {
      const before = this.#state.copy();
      const [script, saved] = [this.#script, this.#saved];
      try {
        if (this.app.snapshot) this.#saved = await this.#snapshot();
        this.#state.goBack(before);
        if (module !== undefined) this.#script = await scriptOf(module);
        await this.#start('swap');
      } catch (error) {
        this.#state.goBack(before);
        [this.#script, this.#saved] = [script, saved];
        throw error;
      }
    });
  }

  /** The part of the room that a request needs which the test answers. */
  #server = {
    isOpen: (id) => this.#state.requests.has(id),
    event: (id, isLast, handle) => this.#next(() => this.#answer(id, isLast, handle)),
  };

  /** The part of the room that the client of a plain request needs. */
  #client = {
    reply: (id) => this.#state.replies.get(id),
    leaves: (id) => this.#next(async () => {
      const reply = this.#state.replies.get(id);
      if (reply.isOver) return;
      this.#state.replies.set(id, { ...reply, isOver: true });
      await this.#event((exports) => exports.requests.onRequestGone(id));
    }),
  };

  /** Delivers the messages that the room has sent to itself. */
  async #deliver() {
    const source = { tag: 'room', val: this.#state.name };
    for (let messages = this.receives(source.val); messages.length > 0; messages = this.receives(source.val)) {
      for (const message of messages) await this.#event((exports) => exports.events.onEvent(source, carried(message)));
    }
  }

  async #answer(id, isLast, handle) {
    if (!this.#state.requests.has(id)) return;
    if (isLast) this.#state.requests.delete(id);
    await this.#event(handle);
  }

  /** Runs something behind all that the test has asked for before, and then the answers of the function that the test has given for `fetch`. */
  #next(run) {
    const done = this.#events.then(async () => {
      const answer = await run();
      if (this.#fetch) await this.#answers();
      await this.#deliver();
      return answer;
    });
    this.#events = done.catch(() => {});
    return done;
  }

  /** Answers requests until none is left. */
  async #answers() {
    const server = { ...this.#server, event: (...details) => this.#answer(...details) };
    for (let [first] = this.#state.requests; first; [first] = this.#state.requests) {
      const asked = new Asked(...first, server);
      let response;
      try {
        response = await this.#fetch(asked.request);
      } catch (error) {
        await asked.fails(error.code ?? 'unreachable', error.message);
        continue;
      }
      await asked.answers(response);
    }
  }

  /** Starts an instance in place of the one before. */
  async #start(reason) {
    const before = [this.#host, this.#exports];
    try {
      const { start } = await evaluated(this.#script, ++instances);
      this.#host = new Host(this.#state, this.#env, this.#opened);
      this.#exports = start(this.#host);
      await this.#call((exports) => exports.lifecycle.onStart(reason, this.#saved));
    } catch (error) {
      [this.#host, this.#exports] = before;
      throw error;
    }
    await this.#settle();
  }

  async #snapshot() {
    const { version, data } = await this.#call((exports) => exports.lifecycle.snapshot());
    const saved = { version, data: bytes(data) };
    if (saved.data.length > LARGEST_STATE) throw new RangeError('the state that `snapshot` returns has at most 16 MiB');
    return saved;
  }

  /** Calls an export, and waits for the end of its event. */
  async #call(handle) {
    this.#state.written = 0;
    const answer = await handle(this.#exports);
    this.#host.check();
    return answer;
  }

  /** Runs an event. Then the clients leave that the application has closed. If it fails, nothing of it stays, and a fresh instance starts. */
  async #event(handle, causer = undefined) {
    const before = this.#state.copy();
    let answer;
    try {
      answer = await this.#call(handle);
    } catch (error) {
      this.#state.goBack(before);
      await this.#start('after-trap');
      if (this.#state.isOpen(causer)) {
        this.#state.closed.set(causer, TRAP);
        await this.#end(causer, { ...TRAP, clean: true, cause: 'trap' });
      }
      throw error;
    }
    await this.#settle();
    return answer;
  }

  async #settle() {
    const next = () => [...this.#state.closed].find(([id]) => this.#state.members.has(id));
    for (let closed = next(); closed; closed = next()) {
      const [id, { code, reason }] = closed;
      await this.#end(id, { code, reason, clean: true, cause: 'guest' });
    }
  }

  async #end(id, info) {
    const leaver = this.#state.remove(id);
    if (!leaver) return;
    this.#state.leaver = leaver;
    try {
      await this.#event((exports) => exports.handler.onClientLeft(id, info));
    } finally {
      this.#state.leaver = undefined;
      this.#state.attachments.delete(id);
    }
  }

  /** Returns the subprotocol, the user and the attachment of a request that the room accepts. */
  async #decide(request) {
    if (this.#state.isDenying) throw new Refused({ status: 503 });
    if (!this.app.onUpgrade) return { subprotocol: null, user: null, attachment: bytes('') };
    const { tag, val } = await this.#event((exports) => exports.gate.onUpgrade(request));
    if (tag === 'refuse') {
      const { status, headers, body } = val;
      if (!(status >= 400 && status <= 599)) throw new RangeError(`onUpgrade refuses with HTTP status ${status}: the host sends 400 to 599`);
      throw new Refused({ status, headers, body: new TextDecoder().decode(bytes(body)) });
    }
    if (tag === 'close') {
      const wrong = closeError(val.code, val.reason);
      if (wrong) throw new RangeError(`onUpgrade closes with ${val.code} ${val.reason}, which the host does not send: ${wrong}`);
      throw new Refused(val);
    }
    const { subprotocol, user } = val;
    const attachment = bytes(val.attachment);
    if (subprotocol !== null && !request.subprotocols.includes(subprotocol)) {
      throw new RangeError(`onUpgrade accepts ${subprotocol}, which the client does not offer`);
    }
    if (user !== null && !(sizeOf(user) >= 1 && sizeOf(user) <= LONGEST_USER)) throw new RangeError(`the name of a user has 1 to ${LONGEST_USER} bytes`);
    if (attachment.length > LARGEST_ATTACHMENT) throw new RangeError('an attachment has at most 16 KiB');
    return { subprotocol, user, attachment };
  }
}
