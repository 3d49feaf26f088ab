// FormData, by the XMLHttpRequest Standard.

import { Blob } from './blob.js';
import { File } from './file.js';

export class FormData {
  #entries = [];

  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError('a guest has no forms of pages: FormData takes no argument');
  }

  append(name, value, filename = undefined) {
    if (arguments.length < 2) throw new TypeError('append takes a name and a value');
    this.#entries.push(entry(name, value, filename));
  }

  delete(name) {
    const gone = String(name).toWellFormed();
    this.#entries = this.#entries.filter(([its]) => its !== gone);
  }

  get(name) {
    return this.getAll(name)[0] ?? null;
  }

  getAll(name) {
    const wanted = String(name).toWellFormed();
    return this.#entries.filter(([its]) => its === wanted).map(([, value]) => value);
  }

  has(name) {
    return this.getAll(name).length > 0;
  }

  set(name, value, filename = undefined) {
    if (arguments.length < 2) throw new TypeError('set takes a name and a value');
    const made = entry(name, value, filename);
    const at = this.#entries.findIndex(([its]) => its === made[0]);
    if (at < 0) {
      this.#entries.push(made);
      return;
    }
    this.#entries = this.#entries.filter(([its], index) => index === at || its !== made[0]);
    this.#entries[at] = made;
  }

  forEach(callback, self = undefined) {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries() {
    for (let at = 0; at < this.#entries.length; at += 1) yield [...this.#entries[at]];
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
    return 'FormData';
  }
}

/** Returns a name and its value: a text, or a file. */
function entry(name, value, filename) {
  const key = String(name).toWellFormed();
  if (!(value instanceof Blob)) {
    if (filename !== undefined) throw new TypeError('only a Blob has the name of a file');
    return [key, String(value).toWellFormed()];
  }
  if (value instanceof File && filename === undefined) return [key, value];
  const { type, lastModified } = value;
  return [key, new File([value], filename === undefined ? 'blob' : filename, { type, lastModified })];
}
