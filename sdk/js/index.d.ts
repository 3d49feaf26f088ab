/** The API of ws-host for JavaScript and TypeScript. The contract in wit/ defines each function exactly. */

/** One whole WebSocket message: text as a string, anything else as bytes. */
export type Message = string | Uint8Array;

/** Data that can be sent: a string as text, anything else as binary. */
export type Sendable = string | Uint8Array | ArrayBuffer | ArrayBufferView;

/** Anything that JSON can express. The host keeps attachments, timer payloads and states as JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/**
 * The outcome of a send. With `queued` and `backpressure` the message goes out when the handler returns. `backpressure`
 * means that the client reads too slowly; `onDrain` follows when it has caught up. With the others nothing is sent.
 */
export type Sent = 'queued' | 'backpressure' | 'no-such-client' | 'closing' | 'too-big' | 'limit';

/** Clients that do not receive a message: one or several, as objects or ids. */
export type Without = Client | number | Iterable<Client | number>;

/** Headers in order, names in lower case. Lookups ignore case. */
export interface Headers extends Iterable<[string, string]> {
  /** The value of a header, or null. Several values are joined with a comma. */
  get(name: string): string | null;
  /** All values of a header, in order. */
  getAll(name: string): string[];
  has(name: string): boolean;
}

/** An upgrade request. */
export interface Request {
  readonly address: Address;
  /** The path, still percent-encoded: `/room/blue`. */
  readonly path: string;
  /** The part after the `?`, or the empty string. */
  readonly query: string;
  readonly headers: Headers;
  /** The subprotocols that the client offers, in its order of preference. */
  readonly subprotocols: string[];
  /**
   * Whether the client names a session of this room, to come back to it. The name is public and proves nothing. With the user and the subprotocol
   * of before, the client stays the one that it was, and `attachment` is ignored; otherwise it is a new client.
   */
  readonly resumes: boolean;
}

/** The address that a client connects from. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** A connected client. */
export interface Client {
  /** Never used again while the host runs: 1, 2, 3, ... on one node, larger ones in a cluster. */
  readonly id: number;
  readonly address: Address;
  /** The path of the request, still percent-encoded. */
  readonly path: string;
  /** The part of the request after the `?`, or the empty string. */
  readonly query: string;
  readonly headers: Headers;
  /** The subprotocol of the connection, if any. */
  readonly subprotocol: string | undefined;
  /** The name of its user, if `onUpgrade` has given one. */
  readonly user: string | undefined;
  /** The topics of the client, in the order of their names. */
  readonly topics: string[];
  /** Whether the client has a connection over which messages reach it now. One with a session may be away: `onLineLost`. */
  readonly isOnline: boolean;
  /** The number of bytes queued for the client. 0 if it has left. */
  readonly bufferedAmount: number;
  /**
   * A value of yours, at most 16 KiB of JSON or bytes. It lives in the host and outlives a swap and an exception. Assign the
   * whole value: reading returns a copy. `undefined` removes it.
   */
  attachment: any;
  /** Sends to this client. Never throws for a client that has left. */
  send(message: Sendable): Sent;
  /** Closes the connection after everything sent before. The code is 1000 by default, the reason has at most 123 bytes. */
  close(code?: number, reason?: string): void;
  /** Adds the client to a topic. The topic's name has 1 to 256 bytes. */
  subscribe(topic: string): void;
  /** Removes the client from a topic. Never throws for a client that had not subscribed. */
  unsubscribe(topic: string): void;
}

/** How a connection ended. */
export interface CloseInfo {
  /** The close code: 1005 for a close frame without a code, 1006 for an end without a close frame. */
  readonly code: number;
  /** The reason of the close frame, or the empty string. */
  readonly reason: string;
  /** Whether a close frame ended the connection. */
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

/** Headers for a response: an object, or pairs. Those of the handshake and of the body's length belong to the host. */
export type ResponseHeaders = Record<string, string> | Iterable<readonly [name: string, value: string]>;

/** The terms of an accepted request. */
export interface Acceptance {
  /** One of the subprotocols that the client offers. */
  accept?: string | true;
  /** The name of the client's user, 1 to 256 bytes: `client.user`, `room.clientsOfUser`. */
  user?: string;
  /** More headers for the response, such as `set-cookie`: up to 64, of 8 KiB in all. */
  headers?: ResponseHeaders;
  /** The client's attachment from the beginning, at most 16 KiB of JSON or bytes. */
  attachment?: unknown;
}

/** An HTTP response in place of a WebSocket. */
export interface Refusal {
  /** The status, 400 to 599. */
  refuse: number;
  headers?: ResponseHeaders;
  /** At most 64 KiB. Without a `content-type` it is text. */
  body?: string | Uint8Array;
}

/** The decision about an upgrade request. `true` or nothing accepts it, `false` answers with HTTP status 403. */
export type Decision = boolean | void | Acceptance | Refusal | { close: number; reason?: string };

/** How an instance starts. */
export interface Start<State = any> {
  /**
   * `restored`: the room opens again, and nothing has happened in it since `state`. `recovered`: the room opens again after a
   * crash, and `state` may be old, or missing. In a cluster, `handover`: another node has handed the room over with its clients, and nothing
   * has happened in it since `state`. `failover`: the node that had the room is gone with its clients, the clients of other nodes are
   * here, and `state` may be old, or missing.
   */
  readonly reason: 'fresh' | 'swap' | 'after-trap' | 'restored' | 'recovered' | 'handover' | 'failover';
  /** The state that the previous instance's `snapshot` returned, if any. */
  readonly state: State | undefined;
  /** The same state as bytes, for a state that is not JSON. */
  readonly data: Uint8Array | undefined;
  /** The `stateVersion` of the previous instance. */
  readonly version: string | undefined;
}

/** The rest of a body whose head an instance before this one has had. */
export interface Rest {
  /** A ReadableStream. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array>;
  json(): Promise<any>;
  text(): Promise<string>;
}

/** An answer that no code waits for: an instance before this one has asked. It has a `response`, a `rest` or an `error`. */
export interface Orphan {
  /** The `context` of `fetch(url, { context })`. */
  readonly context: any;
  /** The method and the URL of the request, before redirects. This instance follows none. */
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly response: globalThis.Response | undefined;
  /** The rest of a streamed body. Its head went to the instance before. */
  readonly rest: Rest | undefined;
  /** A failure: `error.cause.code` is the name that the contract has for it. */
  readonly error: TypeError | undefined;
}

/**
 * Where a message comes from: the room of this name, of the same server, or somebody outside. Then it is the name of the token that was
 * shown to the server's API, or `admin` for its Unix socket.
 */
export type Source = { readonly room: string; readonly api?: undefined } | { readonly api: string; readonly room?: undefined };

declare global {
  /** For projects that have the types of neither a browser nor a guest. */
  interface Request {}
  interface Response {}
  interface RequestInit {
    /** A value that becomes JSON, at most 64 KiB. If another instance gets the answer, `onOrphan` gets it too. */
    context?: unknown;
    /** Whether `fetch` resolves before the body is there, the default. With `false` the whole answer is one event, with at most 4 MiB. */
    stream?: boolean;
  }
}

/**
 * An application: the default export, either an object or a class that is instantiated when the room opens. All handlers
 * are optional. A handler's effects take place when it returns. If it throws, they are dropped: the client that caused
 * the event is closed with 1011, the others stay, and a fresh instance starts. A handler may be async: code behind a wait
 * for a timer or for `fetch` belongs to the event of the timer or the answer, and is all or nothing with that one.
 */
export interface App<State = any> {
  /** A client has connected. It is already a member: a broadcast reaches it too. */
  onConnect?(client: Client): void | Promise<void>;
  /** A client has sent a message. */
  onMessage?(client: Client, message: Message): void | Promise<void>;
  /** A client has gone. It is no longer a member. */
  onClose?(client: Client, info: CloseInfo): void | Promise<void>;
  /** Decides about a request before the connection exists. It may await promises, but not wait for a timer. */
  onUpgrade?(request: Request): Decision | Promise<Decision>;
  /** A slow client has read everything in its queue. */
  onDrain?(client: Client): void | Promise<void>;
  /** The connection of a client with a session has broken. Messages wait for it. `onLineBack` or `onClose` follows. */
  onLineLost?(client: Client): void | Promise<void>;
  /** The client is back over another connection. It gets first what has waited. */
  onLineBack?(client: Client): void | Promise<void>;
  /** A timer of `room.setTimer` is due. */
  onTimer?(payload: any, id: number): void | Promise<void>;
  /** The answer to a `fetch` has come, and the instance that has asked is gone, by a swap or an exception. */
  onOrphan?(answer: Orphan): void | Promise<void>;
  /**
   * A plain HTTP request has come to a path of the server. The answer may come in a later event, and its body may be a stream, such as
   * server-sent events. A rejected promise answers 500, and the log has its stack; what the handler has done stays. An exception of a function that
   * is not async undoes it, and ends the instance, as in each handler. `request.signal` is aborted when the client goes.
   *
   * The host does not check who asks: check a secret or a signature. The URL of the request has the `host` that the client names.
   */
  onRequest?(request: globalThis.Request, info: { readonly address: Address }): globalThis.Response | Promise<globalThis.Response>;
  /** Another room has sent a message, with `rooms.send`. */
  onEvent?(source: Source, message: Message): void | Promise<void>;
  /** Runs before all other handlers. An exception refuses the start or the swap; its message is the reason. */
  onStart?(start: Start<State>): void | Promise<void>;
  /** Returns the state for the next release: a value that becomes JSON, or bytes; at most 16 MiB. */
  snapshot?(): State | Uint8Array | Promise<State | Uint8Array>;
  /** The name of the state's format, which tells a later release how to read it. */
  stateVersion?: string;
}

/** Why the store does not take a write, as the `code` of a `RangeError`. */
export type StoreRefusal = 'key-too-long' | 'value-too-big' | 'limit' | 'room-full' | 'total-full' | 'unavailable';

/**
 * The store of the room: an ordered map in the host. It outlives a swap, an exception and the end of the room, and the host if it has a
 * data folder. A write counts when the handler returns, together with what the handler has sent. A write that the host refuses throws
 * a `RangeError` with a `StoreRefusal` as its `code`.
 */
export interface Store {
  /** The value of a key, or undefined. A value that was set as bytes comes as bytes, unless they are JSON. */
  get(key: string): any;
  /** The bytes of a key's value as they are kept, or undefined. */
  getBytes(key: string): Uint8Array | undefined;
  /** Sets the value of a key (at most 512 bytes): JSON or bytes, at most 128 KiB. */
  set(key: string, value: Json | Uint8Array): void;
  /** Removes a key. Never throws for one that does not exist. */
  delete(key: string): void;
  /** Removes all keys. */
  clear(): void;
  /**
   * The entries whose keys begin with `prefix`, in the order of the keys' bytes, from the first key behind `after` on: at most
   * `limit`, at most 1,000, and at most 1 MiB. An empty list is the end. The values are those of `get`.
   */
  list(options?: { prefix?: string; after?: string; limit?: number }): [key: string, value: any][];
  /** The number of keys. */
  readonly size: number;
  /** The bytes of all keys and values. */
  readonly bytes: number;
}

/** The room that the handlers serve. Module-level variables are its state too, until a swap or an exception. */
export interface Room {
  /** The room's own store. */
  readonly store: Store;
  /** All connected clients, in the order in which they connected. */
  readonly clients: Client[];
  /** The members with this user, in the order in which they connected. `onUpgrade` names users. */
  clientsOfUser(user: string): Client[];
  /** The number of connected clients. */
  readonly count: number;
  /** The client with this id, or undefined if it is not connected. */
  client(id: number): Client | undefined;
  /** Sends to all clients except those in `without`. */
  broadcast(message: Sendable, without?: Without): Sent;
  /** Sends to the subscribers of a topic except those in `without`. */
  publish(topic: string, message: Sendable, without?: Without): Sent;
  /** The subscribers of a topic, in the order of their ids. */
  subscribers(topic: string): Client[];
  /**
   * Calls `onTimer` with the payload (JSON, at most 64 KiB) after a delay in milliseconds (fractions count) or, with
   * `repeat`, at that period, which is exact on average: `1000 / 60` gives 60 calls a second. Returns the timer's id.
   * Timers live in the host and outlive a swap and an exception; with `durable` also the end of the room and of the host.
   */
  setTimer(milliseconds: number, payload?: Json, options?: { repeat?: boolean; durable?: boolean }): number;
  /** Cancels a timer. Never throws for one that has run. */
  clearTimer(id: number): void;
  /** Refuses new clients with HTTP status 503 from now on. */
  denyNewClients(): void;
  /** Accepts new clients again. */
  allowNewClients(): void;
}

export const room: Room;

/** The outcome of a message to another room. With `queued` it leaves when the handler returns. */
export type SentToRoom = 'queued' | 'no-such-room' | 'too-big' | 'limit' | 'full' | 'too-many-rooms';

/** This room's name, and messages to other rooms of the server. */
export interface Rooms {
  /** With `--instances per-room` the path of the room, such as `/room/blue`. With one room for all `main`; the empty string for that of a single client. */
  readonly name: string;
  /**
   * Sends a message to the `onEvent` of a room, in the order of the calls. A room that is asleep opens for it; with `create` also one that does not
   * exist. Throws a `RangeError` with the code 'invalid-name' for a name that no room can have.
   */
  send(room: string, message: Sendable, options?: { create?: boolean }): SentToRoom;
}

export const rooms: Rooms;
