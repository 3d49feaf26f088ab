// ws-host-client 0.1.0, MIT or Apache-2.0. The README of the package describes it.

// The messages of an application, and the byte in front of each on the line.

const encoder = new TextEncoder();

/** The bytes of a message. */
function size(data) {
  if (typeof data === 'string') return encoder.encode(data).length;
  return data.byteLength ?? data.size;
}

/** A copy, since its owner may change the original. */
function copy(data) {
  return ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data.slice(0);
}

/** Puts the byte of an application's message in front. */
function wrap(data) {
  if (typeof data === 'string') return `.${data}`;
  if (data instanceof Blob) return new Blob(['.', data]);
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  const wrapped = new Uint8Array(bytes.length + 1);
  wrapped[0] = 46;
  wrapped.set(bytes, 1);
  return wrapped;
}

/** The message as it was given to `send`, binary ones as an ArrayBuffer or a Blob. */
function unwrap(data) {
  return data instanceof Uint8Array ? copy(data.subarray(1)) : data.slice(1);
}

// The client's side of a session that outlives its lines, without I/O. docs/resume.md of ws-host describes the protocol.

const CONFIRM_MESSAGES = 32;
const CONFIRM_BYTES = 16384;
const WELCOME = /^w1 ([\w.~-]{1,64}) ([0-9a-f]{32}) (\d+) \d+ (?:resumed|fresh (\S+))$/;

/** The other side has broken the protocol. */
export class Breach extends Error {}

class Session {
  /** The name for the next line's URL. */
  handle = 'new';
  #token = '-';
  /** Messages that lines have carried and the host has not confirmed: `[data, bytes]`. */
  #sent = [];
  /** The number of the last message that the host has confirmed. */
  #confirmed = 0;
  /** Messages that no line has carried. */
  #waiting = [];
  #received = 0;
  #told = 0;
  #bytes = 0;
  isWelcome = false;

  /** The first message for a new line. */
  hello() {
    this.isWelcome = false;
    return `h1 ${this.#token} ${this.#received}`;
  }

  /** Keeps a message. Returns whether the line carries it now. */
  send(data, bytes) {
    (this.isWelcome ? this.#sent : this.#waiting).push([data, bytes]);
    return this.isWelcome;
  }

  /** The bytes of the messages that the host has not confirmed. */
  get buffered() {
    return [...this.#sent, ...this.#waiting].reduce((sum, [, bytes]) => sum + bytes, 0);
  }

  /**
   * Takes a welcome. Returns undefined for another text. Otherwise it returns the messages to send, a confirmation first, and if the session begins
   * anew, the reason and the messages of the one before that the host may have received or not.
   */
  welcome(text) {
    const fields = typeof text === 'string' ? WELCOME.exec(text) : null;
    if (!fields) return undefined;
    const [, handle, token, received, reason] = fields;
    let unknown = [];
    if (reason) {
      unknown = this.#sent.map(([data]) => data);
      this.#sent = [];
      this.#confirmed = this.#received = 0;
    } else {
      if (this.#token === '-') throw new Breach('the host resumes a session that never was');
      this.confirm(Number(received));
    }
    [this.handle, this.#token, this.isWelcome] = [handle, token, true];
    this.#sent.push(...this.#waiting.splice(0));
    return { reason, unknown, messages: [this.confirmation(), ...this.#sent.map(([data]) => data)] };
  }

  /** The host has received the messages up to this number. */
  confirm(number) {
    if (!(number <= this.#confirmed + this.#sent.length)) throw new Breach('the host confirms messages that were never sent');
    this.#sent.splice(0, number - this.#confirmed);
    this.#confirmed = Math.max(this.#confirmed, number);
  }

  /** A message has come. Returns whether to confirm it now; otherwise it is confirmed within a second. */
  count(bytes) {
    this.#received++;
    this.#bytes += bytes;
    return this.#received - this.#told >= CONFIRM_MESSAGES || this.#bytes >= CONFIRM_BYTES;
  }

  /** Whether the host does not know of all that has come. */
  get hasNews() {
    return this.#received > this.#told;
  }

  confirmation() {
    [this.#told, this.#bytes] = [this.#received, 0];
    return `r${this.#received}`;
  }

  /** The server speaks no sessions. Returns the messages to send. */
  giveUp() {
    this.isWelcome = false;
    return this.#waiting.splice(0).map(([data]) => data);
  }
}

// A WebSocket that comes back. The interface is that of WebSocket (WHATWG); docs/resume.md of ws-host describes what goes over the line.

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

/** Codes behind which the same client would meet the same end: it is over, or one side does not want the other. 4000 to 4999 are the application's. */
const FINAL = new Set([1000, 1002, 1003, 1007, 1008, 1009, 1010]);

const DEFAULTS = {
  resume: true,
  retry: ({ code }) => !FINAL.has(code) && code < 4000,
  minDelay: 500,
  maxDelay: 30_000,
  connectTimeout: 10_000,
  heartbeat: 15_000,
  maxBuffered: 1 << 20,
};
/** How long the answer to a heartbeat may take. */
const ANSWER = 10_000;
/** How long the first welcome may take: the server may be one without sessions, which takes hello for a message. */
const FIRST_WELCOME = 5000;
/** Codes by which such a server refuses hello. Other codes end a line for reasons unrelated to its messages. */
const REFUSES = ({ code }) => FINAL.has(code) || code === 1011 || code >= 3000;
/** How long the host may wait for a confirmation. */
const CONFIRM = 1000;
/** A line that lasted so long was a good one: the next attempt is the first again. */
const GOOD = 5000;

/** Codes of the protocol: a page may not send 1002, and cannot leave a line without a close frame. */
const [BREACH, GIVEN_UP] = [3002, 3003];

export class Socket extends EventTarget {
  static CONNECTING = CONNECTING;
  static OPEN = OPEN;
  static CLOSING = CLOSING;
  static CLOSED = CLOSED;
  CONNECTING = CONNECTING;
  OPEN = OPEN;
  CLOSING = CLOSING;
  CLOSED = CLOSED;

  binaryType = 'blob';
  readyState = CONNECTING;
  status = 'connecting';
  #source;
  #protocols;
  #options;
  #session = new Session();
  /** Whether the server speaks sessions, as far as is known. */
  #resumes;
  /** Whether it has ever answered to hello. */
  #answered = false;
  /** Messages that wait for a line to a server without sessions. */
  #waiting = [];
  #line;
  #url = '';
  #protocol = '';
  #attempt = 0;
  #away = 0;
  /** The present call of the function that has the address. */
  #turn;
  #heard = 0;
  /** When the line was lost. */
  #lostAt = 0;
  #opened = false;
  /** The code and reason of an end that waits for the line. */
  #ending;
  #watched = [];
  #timers = {};
  #handlers = {};

  constructor(url, protocols = [], options = {}) {
    super();
    if (!Array.isArray(protocols) && typeof protocols === 'object') [options, protocols] = [protocols, []];
    this.#options = { WebSocket: globalThis.WebSocket, ...DEFAULTS, ...options };
    if (!this.#options.WebSocket) throw new TypeError('this platform has no WebSocket: give one as options.WebSocket, such as that of the package ws');
    [this.#source, this.#protocols, this.#resumes] = [url, protocols, this.#options.resume];
    this.#connect();
    this.#listen();
  }

  get url() {
    return this.#url;
  }

  get protocol() {
    return this.#protocol;
  }

  get extensions() {
    return this.#line?.extensions ?? '';
  }

  get bufferedAmount() {
    if (this.#resumes) return this.#session.buffered;
    return this.#waiting.reduce((sum, data) => sum + size(data), this.#line?.bufferedAmount ?? 0);
  }

  /** Sends a message, now or when a line is there. Throws when too much waits already: nothing is dropped silently. */
  send(data) {
    if (this.readyState >= CLOSING) return;
    if (typeof data !== 'string' && !(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data) && !(data instanceof Blob)) data = String(data);
    const bytes = size(data);
    if (this.status !== 'online' && this.bufferedAmount + bytes > this.#options.maxBuffered) {
      throw new DOMException('too much waits to be sent while the server is away', 'QuotaExceededError');
    }
    if (this.#resumes) {
      data = wrap(data);
      if (this.#session.send(data, bytes)) this.#line.send(data);
    } else if (this.status === 'online') {
      this.#line.send(data);
    } else {
      this.#waiting.push(data instanceof Blob || typeof data === 'string' ? data : copy(data));
    }
  }

  /** Ends the session for good. Messages that wait for a line that is being made go first, for as long as an attempt may take. */
  close(code = 1000, reason = '') {
    if (this.readyState >= CLOSING) return;
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException('the code must be 1000 or 3000 to 4999', 'InvalidAccessError');
    if (size(reason) > 123) throw new DOMException('the reason is longer than 123 bytes', 'SyntaxError');
    this.readyState = CLOSING;
    if (this.status === 'connecting' && this.bufferedAmount > 0) {
      this.#ending = [code, reason];
      this.#after('closing', this.#options.connectTimeout, () => this.#end());
    } else if (this.#line?.readyState === OPEN) {
      this.#shut(code, reason);
    } else {
      this.#drop();
      queueMicrotask(() => this.#end());
    }
  }

  #shut(code, reason) {
    this.#line.close(code, reason);
    // A dead line answers late or never.
    this.#after('closing', ANSWER, () => this.#end());
  }

  /** Tries at once, if the line is away. */
  reconnect() {
    if (this.status !== 'away') return;
    this.#attempt = 0;
    this.#connect();
  }

  #connect() {
    this.#clear();
    this.#drop();
    this.#tell('connecting');
    this.#after('connect', this.#options.connectTimeout, () => this.#lose());
    if (typeof this.#source === 'function') this.#ask();
    else this.#open(this.#source);
  }

  /** Asks the application for the address: a token in it may have run out. */
  async #ask() {
    const turn = (this.#turn = Symbol());
    // It may take longer than a line may take, and the socket may be closed meanwhile.
    const isAwaited = () => this.#turn === turn && this.status === 'connecting';
    let url;
    try {
      url = await this.#source();
    } catch {
      if (isAwaited()) this.#lose();
      return;
    }
    if (!isAwaited()) return;
    try {
      this.#open(url);
    } catch (error) {
      // A wrong address or subprotocol would be as wrong the next time.
      this.#end({ reason: error.message });
    }
  }

  #open(address) {
    const url = new URL(address, globalThis.location?.href);
    url.protocol = url.protocol.replace('http', 'ws');
    this.#url = url.href;
    if (this.#resumes) url.searchParams.set('_resume', this.#session.handle);
    this.#follow(new this.#options.WebSocket(url, this.#protocols));
  }

  #follow(line) {
    this.#line = line;
    line.binaryType = 'arraybuffer';
    const present = (work) => (event) => this.#line === line && work(event);
    line.onopen = present(() => {
      this.#protocol = line.protocol;
      this.#heard = Date.now();
      if (!this.#resumes) return this.#online(this.#waiting.splice(0), 'off', []);
      line.send(this.#session.hello());
      if (this.#answered) return;
      // A late line must not take its server for one without sessions.
      this.#stop('connect');
      this.#after('welcome', FIRST_WELCOME, () => this.#goWithout());
    });
    line.onmessage = present(({ data, origin }) => this.#read(data, origin));
    line.onclose = present((event) => this.#closed(event));
    line.onerror = present(() => this.#fire(new Event('error')));
  }

  #read(data, origin) {
    this.#heard = Date.now();
    if (!this.#resumes) return this.#message(data, origin);
    try {
      if (this.#session.isWelcome) this.#control(data, origin);
      else this.#welcome(data, origin);
    } catch (error) {
      if (!(error instanceof Breach)) throw error;
      this.#line.close(BREACH, error.message);
      this.#end({ code: 1002, reason: error.message, wasClean: false });
    }
  }

  #welcome(data, origin) {
    const welcome = this.#session.welcome(data);
    if (!welcome && this.#answered) throw new Breach('the host sends a message before its welcome');
    if (!welcome) {
      // A server of another kind: it has taken hello for a message.
      this.#resumes = false;
      this.#online(this.#session.giveUp().map(unwrap), 'off', []);
      return this.#message(data, origin);
    }
    this.#answered = true;
    this.#online(welcome.messages, welcome.reason, welcome.unknown.map(unwrap));
  }

  /** The server has no sessions: the next line asks for none. It may have taken the hello of this one for a message. */
  #goWithout() {
    this.#resumes = false;
    this.#waiting = this.#session.giveUp().map(unwrap);
    this.#connect();
  }

  #control(data, origin) {
    const kind = typeof data === 'string' ? data[0] : String.fromCharCode(new Uint8Array(data)[0]);
    if (kind === '.') {
      const bytes = typeof data === 'string' ? data.length : data.byteLength;
      if (this.#session.count(bytes)) this.#confirm();
      else this.#timers.confirm ??= setTimeout(() => this.#confirm(), CONFIRM);
      return this.#message(data.slice(1), origin);
    }
    if (kind === 'r') this.#session.confirm(Number(data.slice(1)));
    else if (kind === 'a') this.#away = Number(data.slice(1)) || 0;
    else if (kind === 'q') this.#beat();
    else throw new Breach('the host sends a message of no known kind');
  }

  #confirm() {
    this.#stop('confirm');
    if (this.#session.isWelcome && this.#session.hasNews) this.#line.send(this.#session.confirmation());
  }

  #message(data, origin) {
    if (typeof data !== 'string' && this.binaryType === 'blob') data = new Blob([data]);
    this.#fire(new MessageEvent('message', { data, origin: origin ?? '' }));
  }

  /** A line is there. Without a reason the session goes on, and nothing has happened for the application. */
  #online(messages, reason, unknown) {
    this.#stop('connect');
    this.#stop('welcome');
    const isFirst = !this.#opened;
    const away = this.#lostAt ? Date.now() - this.#lostAt : 0;
    this.#after('good', GOOD, () => (this.#attempt = 0));
    messages.forEach((message) => this.#line.send(message));
    if (this.#ending) {
      const [code, reason] = this.#ending;
      this.#ending = undefined;
      return this.#shut(code, reason);
    }
    [this.readyState, this.#opened, this.#lostAt] = [OPEN, true, 0];
    this.#beat();
    this.#tell('online', { away, resumed: !reason });
    if (!reason) return;
    if (!isFirst) this.#fire(Object.assign(new Event('fresh'), { reason, unknown }));
    this.#fire(new Event('open'));
  }

  /** Asks for a sign of life after a silence, since a browser cannot ping. Only sessions have an answer. */
  #beat() {
    this.#stop('answer');
    if (!this.#resumes || !this.#options.heartbeat) return;
    const silence = Date.now() - this.#heard;
    this.#after('beat', Math.max(this.#options.heartbeat - silence, 1000), () => {
      if (Date.now() - this.#heard < this.#options.heartbeat) this.#beat();
      else this.#probe();
    });
  }

  #probe() {
    if (!this.#session.isWelcome || this.#timers.answer) return;
    const asked = Date.now();
    this.#line.send('p');
    // Any message is a sign of life, also in place of the answer.
    this.#after('answer', ANSWER, () => (this.#heard < asked ? this.#lose() : this.#beat()));
  }

  #closed(event) {
    if (this.readyState === CLOSING && !this.#ending) return this.#end(event);
    if (this.#timers.welcome && REFUSES(event)) return this.#goWithout();
    if (this.#ending || !this.#options.retry(event)) return this.#end(event);
    if (event.code === 1013) this.#away ||= 5000;
    this.#lose(event);
  }

  /** The line is lost, or given up. */
  #lose({ code, reason } = { code: 1006, reason: '' }) {
    this.#clear();
    this.#drop();
    if (this.readyState >= CLOSING) return this.#end();
    this.readyState = CONNECTING;
    this.#lostAt ||= Date.now();
    const { minDelay, maxDelay } = this.#options;
    const delay = Math.min(maxDelay, minDelay * 2 ** this.#attempt++) * (0.5 + Math.random() / 2);
    const wait = this.#away || delay;
    this.#away = 0;
    this.#after('retry', wait, () => this.#connect());
    this.#tell('away', { attempt: this.#attempt, retryIn: Math.round(wait), code, reason });
  }

  #drop() {
    const line = this.#line;
    this.#line = undefined;
    this.#session.isWelcome = false;
    if (line) {
      line.onopen = line.onmessage = line.onclose = null;
      // Some implementations throw or report an error when a line closes that was never open.
      line.onerror = () => {};
      if (line.readyState < CLOSING) line.close(GIVEN_UP);
    }
  }

  #end({ code = 1006, reason = '', wasClean = false } = {}) {
    if (this.readyState === CLOSED) return;
    this.#clear();
    this.#drop();
    this.readyState = CLOSED;
    this.#unlisten();
    this.#tell('closed');
    this.#fire(Object.assign(new Event('close'), { code, reason, wasClean }));
  }

  #tell(status, more = {}) {
    this.status = status;
    this.#fire(Object.assign(new Event('status'), { status, ...more }));
  }

  #fire(event) {
    this.dispatchEvent(event);
  }

  #after(name, time, work) {
    this.#stop(name);
    this.#timers[name] = setTimeout(() => {
      delete this.#timers[name];
      work();
    }, time);
  }

  #stop(name) {
    clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }

  #clear() {
    Object.keys(this.#timers).forEach((name) => this.#stop(name));
  }

  /** Follows the network and the page. */
  #listen() {
    const wake = () => (this.status === 'away' ? this.reconnect() : this.#probe());
    const see = () => globalThis.document?.visibilityState === 'visible' && wake();
    this.#watch(globalThis, { online: wake, pageshow: wake });
    this.#watch(globalThis.document, { resume: wake, visibilitychange: see });
  }

  #watch(target, events) {
    if (!target?.addEventListener) return;
    for (const [name, work] of Object.entries(events)) {
      target.addEventListener(name, work);
      this.#watched.push(() => target.removeEventListener(name, work));
    }
  }

  #unlisten() {
    this.#watched.splice(0).forEach((stop) => stop());
  }

  static {
    for (const name of ['open', 'message', 'error', 'close', 'status', 'fresh']) {
      Object.defineProperty(this.prototype, `on${name}`, {
        get() {
          return this.#handlers[name] ?? null;
        },
        set(handler) {
          if (this.#handlers[name]) this.removeEventListener(name, this.#handlers[name]);
          this.#handlers[name] = typeof handler === 'function' ? handler : null;
          if (this.#handlers[name]) this.addEventListener(name, this.#handlers[name]);
        },
        enumerable: true,
        configurable: true,
      });
    }
  }
}
