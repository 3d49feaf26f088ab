// A WebSocket whose other end is the test.

import { mock } from 'node:test';

/** The lines that were opened, the last one last. */
export const lines = [];

export class FakeWebSocket {
  readyState = 0;
  protocol = '';
  extensions = '';
  bufferedAmount = 0;
  sent = [];
  closedWith = undefined;

  constructor(url, protocols) {
    this.url = String(url);
    this.protocols = protocols;
    if (protocols.includes(' ')) throw new DOMException('bad protocol', 'SyntaxError');
    lines.push(this);
  }

  send(data) {
    if (this.readyState !== 1) throw new Error('the line is not open');
    this.sent.push(data);
  }

  close(code, reason) {
    this.closedWith = [code, reason];
    this.readyState = 2;
  }

  /** The server accepts. */
  accept(protocol = '') {
    this.protocol = protocol;
    this.readyState = 1;
    this.onopen?.({});
  }

  /** The server sends. */
  says(...messages) {
    for (const data of messages) this.onmessage?.({ data, origin: 'ws://host' });
  }

  /** The line ends. */
  ends(code = 1006, reason = '') {
    this.readyState = 3;
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }

  /** The messages since the last look. */
  heard() {
    return this.sent.splice(0);
  }
}

export const TOKENS = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32));

/** The welcome of a session that begins, or goes on. */
export const fresh = (token, reason = 'new') => `w1 h1 ${TOKENS[token]} 0 120000 fresh ${reason}`;
export const resumed = (token, received) => `w1 h1 ${TOKENS[token]} ${received} 120000 resumed`;

/** A socket, and the names and details of its events. Time stands still unless `pass` is called. */
export function open(Socket, ...args) {
  const options = { WebSocket: FakeWebSocket, ...(typeof args.at(-1) === 'object' && !Array.isArray(args.at(-1)) ? args.pop() : {}) };
  const socket = new Socket(args[0] ?? 'ws://host/chat?a=1', args[1] ?? [], options);
  const events = [];
  for (const name of ['open', 'message', 'error', 'close', 'fresh', 'status']) {
    socket.addEventListener(name, (event) => {
      const detail = { message: event.data, close: event.code, fresh: event.reason, status: event.status }[name];
      events.push(detail === undefined ? name : `${name} ${detail}`);
    });
  }
  return { socket, events, seen: () => events.splice(0), line: () => lines.at(-1) };
}

export function freeze() {
  lines.length = 0;
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  mock.method(Math, 'random', () => 1);
}

export function thaw() {
  mock.timers.reset();
  mock.restoreAll();
}

export const pass = (milliseconds) => mock.timers.tick(milliseconds);

/** Lets promises that are settled go on. */
export const settle = () => new Promise((done) => setImmediate(done));
