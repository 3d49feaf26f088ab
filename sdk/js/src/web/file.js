// File, by the File API.

import { Blob } from './blob.js';
import { copied } from './copied.js';

export class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = undefined) {
    if (arguments.length < 2) throw new TypeError('a File has parts and a name');
    super(parts, options);
    this.#name = String(name).toWellFormed();
    this.#lastModified = options?.lastModified === undefined ? Date.now() : Math.trunc(Number(options.lastModified)) || 0;
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }

  get webkitRelativePath() {
    return '';
  }

  [copied]() {
    return new File([this], this.#name, { type: this.type, lastModified: this.#lastModified });
  }

  get [Symbol.toStringTag]() {
    return 'File';
  }
}
