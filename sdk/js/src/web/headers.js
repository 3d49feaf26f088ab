// Headers, by the Fetch Standard.

const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const VALUE = /^[^\0\r\n]*$/;

/** Makes headers immutable, and returns them. */
export let freeze;

export class Headers {
  /** Lists of values by name in lower case. */
  #lists = new Map();
  /** The pairs in the order of the names, until something changes. */
  #sorted;
  #isFrozen = false;

  constructor(init = undefined) {
    if (init === undefined) return;
    if (init === null || typeof init !== 'object') throw new TypeError('headers come from an object or from pairs');
    const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const pair of pairs) {
      if (pair === null || typeof pair !== 'object') throw new TypeError('each pair of headers has a name and a value');
      const both = [...pair];
      if (both.length !== 2) throw new TypeError('each pair of headers has a name and a value');
      this.append(both[0], both[1]);
    }
  }

  append(name, value) {
    need(arguments, 2);
    const [key, its] = [valid(name), normal(value)];
    const list = this.#changing().get(key);
    if (list) list.push(its);
    else this.#lists.set(key, [its]);
  }

  delete(name) {
    need(arguments, 1);
    const key = valid(name);
    this.#changing().delete(key);
  }

  get(name) {
    need(arguments, 1);
    return this.#lists.get(valid(name))?.join(', ') ?? null;
  }

  getSetCookie() {
    return [...(this.#lists.get('set-cookie') ?? [])];
  }

  has(name) {
    need(arguments, 1);
    return this.#lists.has(valid(name));
  }

  set(name, value) {
    need(arguments, 2);
    const [key, its] = [valid(name), normal(value)];
    this.#changing().set(key, [its]);
  }

  forEach(callback, self = undefined) {
    if (typeof callback !== 'function') throw new TypeError('forEach takes a function');
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  /** An iteration sees changes that come meanwhile, as the standard says. */
  *entries() {
    for (let at = 0; at < this.#pairs().length; at += 1) yield [...this.#pairs()[at]];
  }

  *keys() {
    for (const [name] of this.entries()) yield name;
  }

  *values() {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  get [Symbol.toStringTag]() {
    return 'Headers';
  }

  #changing() {
    if (this.#isFrozen) throw new TypeError('these headers are immutable');
    this.#sorted = undefined;
    return this.#lists;
  }

  #pairs() {
    this.#sorted ??= [...this.#lists.keys()].sort().flatMap((name) => {
      const list = this.#lists.get(name);
      // Cookies cannot be joined: their dates have commas.
      return name === 'set-cookie' ? list.map((value) => [name, value]) : [[name, list.join(', ')]];
    });
    return this.#sorted;
  }

  static {
    freeze = (headers) => {
      headers.#isFrozen = true;
      return headers;
    };
  }
}

/** Returns pairs of the host, which has text for any bytes, as `Headers` takes them: with characters up to U+00FF. */
export function legible(pairs) {
  return pairs.map(([name, value]) => [name, value.replace(/[^\0-\xff]/g, '?')]);
}

function need(given, count) {
  if (given.length < count) throw new TypeError(`${count} arguments are needed, and ${given.length} are given`);
}

function valid(name) {
  const text = String(name);
  if (!NAME.test(text)) throw new TypeError(`${JSON.stringify(text)} is no name of a header`);
  return text.toLowerCase();
}

function normal(value) {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (!VALUE.test(text) || /[^\0-\xff]/.test(text)) throw new TypeError('the value of a header has bytes without line breaks');
  return text;
}
