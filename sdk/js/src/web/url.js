// URL, by the URL Standard. The engine parses.

import { changeUrl, parseUrl } from 'ws-host:engine';

import { URLSearchParams, watched } from './search-params.js';

/** The parts in the order in which the engine gives them. */
const [HREF, ORIGIN] = [0, 1];
const PARTS = ['protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];

export class URL {
  #parts;
  #params;

  constructor(url, base = undefined) {
    this.#parts = parse(url, base);
    if (!this.#parts) throw Object.assign(new TypeError(`Invalid URL: ${url}`), { code: 'ERR_INVALID_URL', input: String(url) });
  }

  static canParse(url, base = undefined) {
    return Boolean(parse(url, base));
  }

  static parse(url, base = undefined) {
    return URL.canParse(url, base) ? new URL(url, base) : null;
  }

  get href() {
    return this.#parts[HREF];
  }

  set href(value) {
    const parts = parse(value);
    if (!parts) throw new TypeError(`Invalid URL: ${value}`);
    this.#parts = parts;
    this.#params?.[watched.read](this.search);
  }

  get origin() {
    return this.#parts[ORIGIN];
  }

  get searchParams() {
    this.#params ??= URLSearchParams[watched.make](this.search, (text) => this.#change('search', text));
    return this.#params;
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  get [Symbol.toStringTag]() {
    return 'URL';
  }

  #change(part, value) {
    this.#parts = changeUrl(this.href, part, String(value)) ?? this.#parts;
  }

  static {
    PARTS.forEach((part, index) => {
      Object.defineProperty(URL.prototype, part, {
        get() {
          return this.#parts[index + 2];
        },
        set(value) {
          this.#change(part, value);
          if (part === 'search') this.#params?.[watched.read](this.search);
        },
        enumerable: true,
        configurable: true,
      });
    });
  }
}

function parse(url, base) {
  return parseUrl(String(url), base === undefined ? null : String(base)) ?? undefined;
}
