/** The API of ws-host for JavaScript and TypeScript. wit/ says what each function means, to the letter. */

/** One whole WebSocket message: text as a string, anything else as bytes. */
export type Message = string | Uint8Array;

/** What can be sent. */
export type Sendable = string | Uint8Array | ArrayBuffer | ArrayBufferView;

/** Anything that JSON can express. The host keeps attachments, payloads of timers and states as JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/**
 * What became of a message. `queued` and `backpressure`: it goes out when the handler returns; the latter says that
 * the client reads too slowly, and `onDrain` follows when it has caught up. Anything else: nothing is sent.
 */
export type Sent = 'queued' | 'backpressure' | 'no-such-client' | 'closing' | 'too-big' | 'limit';

/** Clients that a message is not for: one or several, as objects or ids. */
export type Without = Client | number | Iterable<Client | number>;

/** Headers in their order, names in lower case. */
export interface Headers extends Iterable<[string, string]> {
  /** The value, several joined by a comma, or null. */
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
}

/** An upgrade request. */
export interface Request {
  readonly address: Address;
  /** `/room/blue`, percent-encoding untouched. */
  readonly path: string;
  /** What stands behind the `?`, or the empty string. */
  readonly query: string;
  readonly headers: Headers;
  /** The subprotocols that the client offers, in its order of preference. */
  readonly subprotocols: string[];
}

export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** A connected client. */
export interface Client {
  /** 1, 2, 3, ..., never used again while the host runs. */
  readonly id: number;
  readonly address: Address;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  /** The subprotocol that was agreed on, if any. */
  readonly subprotocol: string | undefined;
  /** How many bytes wait to be written to the client. */
  readonly bufferedAmount: number;
  /**
   * A value of yours, at most 16 KiB of JSON. It lives in the host and outlives a swap and an exception. Assign the
   * whole value: a change within what you read changes a copy. `undefined` takes it away.
   */
  attachment: any;
  /** Sends to this client alone. Never throws for a client that has left. */
  send(message: Sendable): Sent;
  /** Closes after all that was sent before. 1000 unless you say otherwise. */
  close(code?: number, reason?: string): void;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
}

/** How a connection ended. */
export interface CloseInfo {
  /** The close code; 1005 when the close frame had none, 1006 when there was no close frame. */
  readonly code: number;
  readonly reason: string;
  /** Whether a close frame ended it. */
  readonly clean: boolean;
  readonly cause:
    | 'client'
    | 'guest'
    | 'lost'
    | 'timeout'
    | 'protocol'
    | 'too-big'
    | 'policy'
    | 'overload'
    | 'trap'
    | 'restart'
    | 'shutdown';
}

/** What is to become of an upgrade request. `true` or nothing lets it in, `false` answers 403. */
export type Decision = boolean | void | { accept: string } | { refuse: number } | { close: number; reason?: string };

/** How an instance starts. */
export interface Start<State = any> {
  readonly reason: 'fresh' | 'swap' | 'after-trap';
  /** What `snapshot` of the instance before gave, if anything. */
  readonly state: State | undefined;
  /** The same as bytes, for a state that is no JSON. */
  readonly data: Uint8Array | undefined;
  /** The `stateVersion` of the instance that gave it. */
  readonly version: string | undefined;
}

/**
 * An application: the default export, an object or a class whose instance is made when the room opens. All handlers are
 * optional. A handler is done when it returns. What it has sent and changed takes effect then, or, if it throws, not
 * at all: the client whose event it was is closed with 1011, the others stay, and a fresh instance starts.
 */
export interface App<State = any> {
  /** A client has connected. It is already a member: a broadcast reaches it too. */
  onConnect?(client: Client): void;
  onMessage?(client: Client, message: Message): void;
  /** A client has gone. It is no longer a member. */
  onClose?(client: Client, info: CloseInfo): void;
  /** Decides about a request before the WebSocket exists. */
  onUpgrade?(request: Request): Decision;
  /** A client that was too slow has read all that waited for it. */
  onDrain?(client: Client): void;
  /** A timer of `room.setTimer` is due. */
  onTimer?(payload: any, id: number): void;
  /** Comes before all others. An exception refuses the start or the swap, with its message. */
  onStart?(start: Start<State>): void;
  /** The state that a new release is to go on with: a value that becomes JSON, or bytes; at most 16 MiB. */
  snapshot?(): State | Uint8Array;
  /** Names the format of the state, so that a later release can tell. */
  stateVersion?: string;
}

/** The room that the handlers serve. A module-level variable is its state too, until a swap or an exception. */
export interface Room {
  /** Everybody who is connected, in the order in which they came. */
  readonly clients: Client[];
  readonly count: number;
  client(id: number): Client | undefined;
  /** Sends to everybody, but for those in `without`. */
  broadcast(message: Sendable, without?: Without): Sent;
  /** Sends to the subscribers of a topic. */
  publish(topic: string, message: Sendable, without?: Without): Sent;
  subscribers(topic: string): Client[];
  /**
   * Has `onTimer` called with the payload (JSON, at most 64 KiB) after so many milliseconds, or every so many. Timers
   * live in the host and outlive a swap and an exception.
   */
  setTimer(milliseconds: number, payload?: Json, options?: { repeat?: boolean }): number;
  clearTimer(id: number): void;
  /** From now on new clients are refused with 503. */
  denyNewClients(): void;
  allowNewClients(): void;
}

export const room: Room;
