/**
 * A room without a host, for the tests of an application with Node.js' own test runner.
 *
 * ```js
 * import assert from 'node:assert/strict';
 * import { test } from 'node:test';
 * import { Room } from 'ws-host-guest/testing';
 *
 * test('everybody hears what one says', async () => {
 *   const room = await Room.open();
 *   const [ann, ben] = [await room.join(), await room.join()];
 *   await room.says(ann, 'hello');
 *   assert.deepEqual(room.hears(ben), ['hello']);
 * });
 * ```
 *
 * The room keeps the contract's rules for names, codes, sizes, closing clients and the store. It has neither slow clients nor the
 * limits of the host. `ws-host test` plays dialogues with the real host.
 *
 * The functions that run handlers return promises, since only Node.js runs the jobs of promises: a handler has ended, with all code
 * behind its `await`s, when the promise is fulfilled. They run in the order of their calls. When a handler throws, its effects are dropped,
 * a fresh instance starts, the client is closed with 1011, and the promise is rejected with what the handler has thrown.
 */

import type { Address, CloseInfo, Message, Sendable, Source, Store } from './index.js';

/** The parts of a client's request, besides its path. */
export interface Joining {
  headers?: Record<string, string> | Iterable<[name: string, value: string]>;
  /** The subprotocols that the client offers. */
  subprotocols?: Iterable<string>;
  /** Whether the client names a session of the room. It is a new client in any case. */
  resumes?: boolean;
  /** By default port 50000 of 127.0.0.1. */
  address?: Address;
}

/** The room has not let a client in: it answers with an HTTP status, or closes the new connection with a code. */
export class Refused extends Error {
  /** 503 after `denyNewClients`. */
  readonly status?: number;
  /** The headers and the body that the application gives with a status. */
  readonly headers?: [name: string, value: string][];
  readonly body?: string;
  readonly code?: number;
  readonly reason?: string;
}

/** Why a request fails, in the words of the contract. */
export type FailureCause = 'denied' | 'unresolved' | 'unreachable' | 'tls' | 'timeout' | 'broken' | 'too-big' | 'interrupted';

/** A request of the application to an HTTP server, which the test plays. Each function is an event of the room. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: globalThis.Headers;
  /** The body as text. */
  readonly text: string;
  /** Whether the answer may still come: false when it has come, and when the application has given the request up. */
  readonly isOpen: boolean;
  /** The request as the web has it. */
  readonly request: globalThis.Request;
  /** Answers whole: with a text and status 200, or with a response. */
  answers(answer?: string | globalThis.Response): Promise<void>;
  /** Answers with status and headers. The body follows in pieces: `sends`, `ends`. */
  begins(head?: globalThis.Response): Promise<void>;
  sends(piece: string | Uint8Array): Promise<void>;
  ends(): Promise<void>;
  /** The request fails or, behind `begins`, the rest of its body. */
  fails(cause: FailureCause, detail?: string): Promise<void>;
}

/** The parts of a plain HTTP request, besides its path. */
export interface Requesting {
  method?: string;
  headers?: Record<string, string> | Iterable<[name: string, value: string]>;
  body?: string | Uint8Array;
  /** By default port 50000 of 127.0.0.1. */
  address?: Address;
}

/** The answer to a plain HTTP request, as far as it has come. */
export interface Reply {
  /** The status, or undefined before the answer. */
  readonly status: number | undefined;
  readonly headers: globalThis.Headers;
  /** The body so far. */
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Whether the answer is complete or cut, or the client has gone. */
  readonly isOver: boolean;
  /** Whether the answer was given up behind its beginning, so that its client sees that it is incomplete. */
  readonly isCut: boolean;
  /** Returns the pieces of the body that have come since the last call, as text. */
  hears(): string[];
  /** The client goes before the answer is complete. */
  leaves(): Promise<void>;
}

/** A room with one instance of an application. */
export class Room<App = any> {
  private constructor();

  /**
   * Opens an empty room, and calls `onStart`. The module is a path or a URL, by default the `main` of the package.json in the working
   * directory. It is bundled as in the build, and loaded anew for each room, so that no room sees the variables of another.
   *
   * `fetch` plays all servers that the application asks. Then the promises of the room's functions wait for its answers too. An error of it is
   * the failure `unreachable`, or the one that its `code` names. Without it, the test answers those that are `asked`.
   */
  static open<App = any>(
    module?: string | URL,
    options?: {
      env?: Record<string, string>;
      fetch?: (request: globalThis.Request) => globalThis.Response | Promise<globalThis.Response>;
      /** The name of the room, by default `main`. */
      name?: string;
      /** The other rooms that exist. By default, each name is that of a room. */
      rooms?: Iterable<string>;
    },
  ): Promise<Room<App>>;

  /** The running instance: the default export, or an object of it if it is a class. */
  readonly app: App;
  /** The room's store, as the application sees it. */
  readonly store: Store;
  /** The requests to HTTP servers that have no whole answer yet, in their order. */
  readonly asked: Asked[];
  /** Whether the room admits new clients. */
  readonly isAdmitting: boolean;

  /**
   * A client joins, over `/` or another path with or without a query. Returns its id: 1, 2, 3, ... Rejects with `Refused` if the room
   * does not let it in.
   */
  join(target?: string, joining?: Joining): Promise<number>;
  /** A client says something. The application does not hear one that has left, or that it has closed. */
  says(client: number, message: Sendable): Promise<void>;
  /** A client closes its connection, or the connection ends otherwise: `{ code: 1006, clean: false, cause: 'lost' }`. */
  leaves(client: number, info?: Partial<CloseInfo>): Promise<void>;
  /** The connection of a client with a session breaks. It stays a member, and hears what is sent to it when it is back. */
  goesAway(client: number): Promise<void>;
  /** A client that is away comes back. */
  comesBack(client: number): Promise<void>;
  /** Returns the messages that a client has received since the last call. */
  hears(client: number): Message[];
  /** The code and the reason with which the application has closed a client, or undefined. */
  closed(client: number): { code: number; reason: string } | undefined;
  /** A client sends a plain HTTP request, by default `GET /`. Without `onRequest`, the answer is 404. */
  request(target?: string, requesting?: Requesting): Promise<Reply>;
  /** Another room sends a message, or somebody outside: `{ api: 'token' }`. */
  event(source: string | Source, message: Sendable): Promise<void>;
  /** Returns the messages that another room has received since the last call. Those to the room itself are its next events. */
  receives(room: string): Message[];
  /** The attachment of a client, or undefined. */
  attachment(client: number): any;
  /** The subscribers of a topic, in the order of their ids. */
  subscribers(topic: string): number[];
  /**
   * Lets time pass, in milliseconds, and runs the timers that become due, in the order of their times: those of `room.setTimer`,
   * `setTimeout` and its like. `Date.now()` and `performance.now()` of the application follow. A delay of 0 is due with `wait(0)`.
   */
  wait(milliseconds: number): Promise<void>;
  /** A new instance, of the same or another module, takes over with the state of `snapshot`. */
  swap(module?: string | URL): Promise<void>;
}
