// Headers, by the Fetch Standard.

const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const VALUE = /^[^\0\r\n]*$/;

export class Headers {
  /** Lists of values by name in lower case. */
  #lists = new Map();

  constructor(init = undefined) {
    if (init === undefined) return;
    if (init === null || typeof init !== 'object') throw new TypeError('headers come from an object or from pairs');
    const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const pair of pairs) {
      const both = [...pair];
      if (both.length !== 2) throw new TypeError('each pair of headers has a name and a value');
      this.append(both[0], both[1]);
    }
  }

  append(name, value) {
    const key = valid(name);
    const list = this.#lists.get(key);
    const its = normal(value);
    if (list) list.push(its);
    else this.#lists.set(key, [its]);
  }

  delete(name) {
    this.#lists.delete(valid(name));
  }

  get(name) {
    return this.#lists.get(valid(name))?.join(', ') ?? null;
  }

  getSetCookie() {
    return [...(this.#lists.get('set-cookie') ?? [])];
  }

  has(name) {
    return this.#lists.has(valid(name));
  }

  set(name, value) {
    this.#lists.set(valid(name), [normal(value)]);
  }

  forEach(callback, self = undefined) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (const name of [...this.#lists.keys()].sort()) {
      const list = this.#lists.get(name) ?? [];
      // Cookies cannot be joined: their dates have commas.
      if (name === 'set-cookie') for (const value of list) yield [name, value];
      else yield [name, list.join(', ')];
    }
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
