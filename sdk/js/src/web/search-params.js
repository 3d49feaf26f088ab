// URLSearchParams, by the URL Standard.

import { decode, encode } from 'ws-host:engine';

/** For a URL: how it makes its parameters, and lets them read its query anew. */
export const watched = { make: Symbol('make'), read: Symbol('read') };

export class URLSearchParams {
  #pairs = [];
  #changed = () => {};

  constructor(init = '') {
    if ((typeof init === 'object' && init !== null) || typeof init === 'function') {
      this.#pairs = typeof init[Symbol.iterator] === 'function' ? pairsOf(init) : Reflect.ownKeys(init)
        .filter((name) => Object.getOwnPropertyDescriptor(init, name)?.enumerable)
        .map((name) => [text(name), text(init[name])]);
    } else {
      this.#pairs = parsed(String(init).replace(/^\?/, ''));
    }
  }

  static [watched.make](query, changed) {
    const params = new URLSearchParams(query);
    params.#changed = changed;
    return params;
  }

  [watched.read](query) {
    this.#pairs = parsed(query.replace(/^\?/, ''));
  }

  get size() {
    return this.#pairs.length;
  }

  append(name, value) {
    this.#pairs.push([text(name), text(value)]);
    this.#update();
  }

  delete(name, value = undefined) {
    const [key, wanted] = [text(name), value === undefined ? undefined : text(value)];
    this.#pairs = this.#pairs.filter(([other, its]) => other !== key || (wanted !== undefined && its !== wanted));
    this.#update();
  }

  get(name) {
    const key = text(name);
    return this.#pairs.find(([other]) => other === key)?.[1] ?? null;
  }

  getAll(name) {
    const key = text(name);
    return this.#pairs.filter(([other]) => other === key).map(([, value]) => value);
  }

  has(name, value = undefined) {
    const [key, wanted] = [text(name), value === undefined ? undefined : text(value)];
    return this.#pairs.some(([other, its]) => other === key && (wanted === undefined || its === wanted));
  }

  set(name, value) {
    const [key, its] = [text(name), text(value)];
    const first = this.#pairs.findIndex(([other]) => other === key);
    if (first < 0) {
      this.#pairs.push([key, its]);
    } else {
      this.#pairs[first][1] = its;
      this.#pairs = this.#pairs.filter(([other], index) => index <= first || other !== key);
    }
    this.#update();
  }

  sort() {
    // By code units, and stable.
    this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    this.#update();
  }

  forEach(callback, self = undefined) {
    if (typeof callback !== 'function') throw new TypeError('forEach takes a function');
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  /** Reads the list as it is at each step, so that a change during the iteration counts. */
  *entries() {
    for (let index = 0; index < this.#pairs.length; index += 1) yield [...this.#pairs[index]];
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

  toString() {
    return this.#pairs.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&');
  }

  get [Symbol.toStringTag]() {
    return 'URLSearchParams';
  }

  #update() {
    this.#changed(this.toString());
  }
}

function text(value) {
  return String(value).toWellFormed();
}

function pairsOf(init) {
  return Array.from(init, (pair) => {
    const both = [...pair];
    if (both.length !== 2) throw new TypeError('each pair of parameters has a name and a value');
    return both.map(text);
  });
}

function parsed(query) {
  return query.split('&').filter(Boolean).map((pair) => {
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    return [unescaped(name), unescaped(value)];
  });
}

/** The parser of application/x-www-form-urlencoded. */
function unescaped(part) {
  const plain = text(part.replaceAll('+', ' '));
  if (!plain.includes('%')) return plain;
  const bytes = encode(plain);
  const kept = new Uint8Array(bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const hex = bytes[at] === 0x25 ? String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) : '';
    const isEscape = /^[\da-f]{2}$/i.test(hex);
    kept[end++] = isEscape ? Number.parseInt(hex, 16) : bytes[at];
    if (isEscape) at += 2;
  }
  return decode(kept.subarray(0, end), false);
}

/** The serializer of application/x-www-form-urlencoded. */
function escaped(value) {
  return encodeURIComponent(value)
    .replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
