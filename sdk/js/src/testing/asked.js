// A request to an HTTP server that the application has made, in a test which plays the server. `testing.d.ts` documents it.

/** The largest piece of a body that the host gives at once. */
const PIECE = 64 << 10;

const CAUSES = ['denied', 'unresolved', 'unreachable', 'tls', 'timeout', 'broken', 'too-big', 'interrupted'];

export class Asked {
  #id;
  #request;
  #room;

  /** `room` has `isOpen(id)`, `done(id)` and `event(handle)`. */
  constructor(id, request, room) {
    this.#id = id;
    this.#request = request;
    this.#room = room;
  }

  get method() {
    return this.#request.method;
  }

  get url() {
    return this.#request.url;
  }

  get headers() {
    return new Headers(this.#request.headers);
  }

  get text() {
    return new TextDecoder().decode(this.#request.body);
  }

  get isOpen() {
    return this.#room.isOpen(this.#id);
  }

  /** The request as the web has it. */
  get request() {
    const { method, url, headers, body } = this.#request;
    return new Request(url, { method, headers, body });
  }

  async answers(answer = '') {
    const response = typeof answer === 'string' ? new Response(answer) : answer;
    if (!this.#request.stream) {
      const body = new Uint8Array(await response.arrayBuffer());
      await this.#responds(response, body);
      return;
    }
    await this.begins(response);
    if (response.body) for await (const piece of response.body) await this.sends(piece);
    await this.ends();
  }

  async begins(response = new Response()) {
    if (!this.#request.stream) throw new TypeError('the application waits for the whole answer: use `answers`');
    await this.#responds(response, null);
  }

  async sends(piece) {
    const bytes = typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
    for (let at = 0; at < bytes.length; at += PIECE) await this.#part({ tag: 'piece', val: bytes.slice(at, at + PIECE) });
  }

  async ends() {
    await this.#part({ tag: 'end' }, true);
  }

  async fails(cause, detail = `the test fails it: ${cause}`) {
    if (!CAUSES.includes(cause)) throw new TypeError(`a request fails with ${CAUSES.join(', ')}`);
    const failure = { cause, detail };
    if (this.#begun) await this.#part({ tag: 'failed', val: failure }, true);
    else await this.#outcome({ tag: 'err', val: failure }, true);
  }

  #begun = false;

  async #responds({ status, headers }, body) {
    await this.#outcome({ tag: 'ok', val: { status, headers: [...headers], body } }, body !== null);
  }

  #outcome(outcome, isLast) {
    this.#begun = true;
    return this.#tell(isLast, (exports) => exports.responses.onResponse(this.#id, this.#request.context.slice(), outcome));
  }

  #part(part, isLast = false) {
    if (!this.#begun) throw new TypeError('the answer begins with `begins`');
    return this.#tell(isLast, (exports) => exports.responses.onBody(this.#id, this.#request.context.slice(), part));
  }

  /** Nobody hears of a request that the application has given up. */
  #tell(isLast, handle) {
    return this.#room.event(this.#id, isLast, handle);
  }
}
