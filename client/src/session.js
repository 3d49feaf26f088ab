// The client's side of a session that outlives its lines, without I/O. docs/resume.md of ws-host describes the protocol.

const CONFIRM_MESSAGES = 32;
const CONFIRM_BYTES = 16384;
const WELCOME = /^w1 ([\w.~-]{1,64}) ([0-9a-f]{32}) (\d+) \d+ (?:resumed|fresh (\S+))$/;

/** The other side has broken the protocol. */
export class Breach extends Error {}

export class Session {
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
