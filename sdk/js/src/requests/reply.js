// The answer to a request, whole or in pieces.

import * as host from 'ws-host:server/replies@0.2.0';

import { contentOf } from '../web/body.js';
import { Response } from '../web/response.js';

/** The most bytes that are given to the host at once. */
const PIECE = 64 << 10;

/** Headers that the host sets. An answer of `fetch` may be passed on with them. */
const OF_THE_HOST = new Set(['connection', 'content-length', 'date', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** The replies that are not over, by the id of the request. */
const replies = new Map();

/** A request has come. Its reply is made by the first handler, behind `abandonOthers`. */
export function comes(id) {
  replies.set(id, null);
}

/** Gives the requests up that came to an instance before this one: no code is left that answers them. A cut `EventSource` comes again. */
export function abandonOthers() {
  for (const { id } of host.list()) if (!replies.has(id)) host.abort(id);
}

/** Wakes a reply whose client has read everything. */
export function drained(id) {
  replies.get(id)?.wake();
}

/** Ends a reply whose client has gone. */
export function gone(id) {
  replies.get(id)?.gone();
}

export class Reply {
  #id;
  #isHead;
  #hasBegun = false;
  #isOver = false;
  #onGone = () => {};
  #wake = () => {};
  /** The content that is being sent. */
  #source;

  constructor(id, isHead) {
    this.#id = id;
    this.#isHead = isHead;
    replies.set(id, this);
  }

  onGone(tell) {
    this.#onGone = tell;
  }

  wake() {
    this.#wake();
  }

  gone() {
    this.#over();
    this.#onGone();
    Promise.resolve(this.#source?.cancel('the client has gone')).catch(() => {});
    this.#wake();
  }

  /** Answers with a response. It is over, or its body follows in later events. */
  async answer(response) {
    if (!(response instanceof Response) || response.status === 0) throw new TypeError('onRequest returns a Response, or a promise of one');
    const content = contentOf(response);
    content?.check();
    const source = content?.reader();
    if (this.#isOver) {
      await source?.cancel('the client has gone');
      return;
    }
    const head = { status: response.status, headers: [...response.headers].filter(([name]) => !OF_THE_HOST.has(name)) };
    const bytes = content ? content.known : new Uint8Array();
    if (bytes && this.#tell(() => host.respond(this.#id, head, bytes), 'too-big')) {
      this.#over();
      return;
    }
    this.#source = source;
    this.#tell(() => host.respondBegin(this.#id, head));
    this.#hasBegun = true;
    // The answer to HEAD ends here.
    if (this.#isHead) await source.cancel();
    await this.#pieces(source);
  }

  /** Ends the reply after an error: with 500, or with a cut if it has begun, so that its client sees it. Returns words for that. */
  fail() {
    if (this.#isOver) return 'its client has gone';
    const head = { status: 500, headers: [['content-type', 'text/plain; charset=utf-8']] };
    this.#tell(() => (this.#hasBegun ? host.abort(this.#id) : host.respond(this.#id, head, 'the application has failed\n')));
    this.#over();
    return this.#hasBegun ? 'the answer is cut' : 'the answer is 500';
  }

  async #pieces(source) {
    for (let piece = await source.read(); piece && !this.#isOver; piece = await source.read()) {
      for (let at = 0; at < piece.length && !this.#isOver; at += PIECE) {
        const status = this.#tell(() => host.respondChunk(this.#id, piece.subarray(at, at + PIECE)));
        if (status === 'backpressure') await new Promise((wake) => (this.#wake = wake));
      }
    }
    if (this.#isOver) return;
    this.#tell(() => host.respondEnd(this.#id));
    this.#over();
  }

  /**
   * Calls the host. Returns its answer, or true. Returns undefined for a request that is gone, and for the error that is named. Throws for
   * the others.
   */
  #tell(call, expected) {
    try {
      return call() ?? true;
    } catch (error) {
      const { tag, val } = error?.payload ?? {};
      if (tag === 'no-such-request') {
        this.gone();
        return true;
      }
      if (tag !== undefined && tag === expected) return undefined;
      throw tag === undefined ? error : new TypeError(`the host does not take this answer: ${val ?? tag}`);
    }
  }

  #over() {
    this.#isOver = true;
    replies.delete(this.#id);
  }
}
