/** Where a socket stands. */
export type Status = 'connecting' | 'online' | 'away' | 'closed';

/** The socket's status has changed. */
export interface StatusEvent extends Event {
  readonly status: Status;
  /** With `away`: the number of attempts since the last good line. */
  readonly attempt?: number;
  /** With `away`: the time to the next attempt, in milliseconds. */
  readonly retryIn?: number;
  /** With `away`: the close code of the line; 1006 if no close frame came, the client gave the line up, or it never opened. */
  readonly code?: number;
  /** With `away`: the reason of the close frame. */
  readonly reason?: string;
  /** With `online`: how long the line was away, in milliseconds; 0 the first time. */
  readonly away?: number;
  /** With `online`: whether the session goes on, so that nothing is lost. */
  readonly resumed?: boolean;
}

/** The host has no state of this client any more. `open` follows. */
export interface FreshEvent extends Event {
  /** `unknown`, `expired`, `too-much`, `failed`, `changed` or `off`: see docs/resume.md of ws-host. `off` with a server that has no sessions. */
  readonly reason: string;
  /** The messages that the server may have received or not, as they were given to `send`; binary ones as an ArrayBuffer or a Blob. */
  readonly unknown: (string | ArrayBuffer | Blob)[];
}

export interface Options {
  /**
   * Whether to speak sessions, as ws-host does. With `false` it is a reconnecting socket for any server. Default: true; a server that does not answer to it
   * gets one text, `h1 - 0`, and is then taken for one without sessions.
   */
  resume?: boolean;
  /** Whether to come back after this end. Default: not after 1000, 1002, 1003, 1007 to 1010 and 4000 to 4999. */
  retry?: (event: CloseEvent) => boolean;
  /** The first wait before an attempt, in milliseconds. Each one is twice the one before, of which half is random. Default: 500. */
  minDelay?: number;
  /** The longest wait, in milliseconds. Default: 30,000. */
  maxDelay?: number;
  /** How long an attempt may take, with the address, in milliseconds. Default: 10,000. */
  connectTimeout?: number;
  /** The silence after which the host is asked for a sign of life, in milliseconds; 0: never. It has 10 s to answer. Default: 15,000. */
  heartbeat?: number;
  /** How many bytes may wait while the line is away; `send` throws beyond. Default: 1 MiB. */
  maxBuffered?: number;
  /** The WebSocket of the platform. Node.js before 22 has none: give that of the package `ws`. */
  WebSocket?: unknown;
}

type Address = string | URL;

interface SocketEvents {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: CloseEvent;
  status: StatusEvent;
  fresh: FreshEvent;
}

/**
 * A WebSocket that comes back. It has the properties, methods and events of `WebSocket`, and three differences: `readyState` is CONNECTING while the
 * line is away; `send` works then, and waits; `close` is fired once, at the end.
 *
 * `open` is fired when a session begins: the first time, and after `fresh`. A session that goes on fires `status` alone.
 */
export class Socket extends EventTarget {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** The address, or a function that gives it for each attempt: a token in it may have run out. A function may fail, and is called again. */
  constructor(url: Address | (() => Address | Promise<Address>), protocols?: string | string[], options?: Options);
  constructor(url: Address | (() => Address | Promise<Address>), options?: Options);

  readonly url: string;
  readonly protocol: string;
  readonly extensions: string;
  readonly readyState: number;
  /** The bytes that the host has not confirmed: it does so within a second or two. */
  readonly bufferedAmount: number;
  readonly status: Status;
  binaryType: 'blob' | 'arraybuffer';

  /** Throws a `QuotaExceededError` if too much waits. */
  send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void;
  /** Ends the session for good. */
  close(code?: number, reason?: string): void;
  /** Tries at once, if the line is away. */
  reconnect(): void;

  onopen: ((event: Event) => unknown) | null;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onerror: ((event: Event) => unknown) | null;
  onclose: ((event: CloseEvent) => unknown) | null;
  onstatus: ((event: StatusEvent) => unknown) | null;
  onfresh: ((event: FreshEvent) => unknown) | null;

  addEventListener<K extends keyof SocketEvents>(
    type: K,
    listener: ((event: SocketEvents[K]) => unknown) | { handleEvent(event: SocketEvents[K]): unknown } | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SocketEvents>(
    type: K,
    listener: ((event: SocketEvents[K]) => unknown) | { handleEvent(event: SocketEvents[K]): unknown } | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** The host has broken the protocol. It shows as `close` with 1002. */
export class Breach extends Error {}
