// performance, of High Resolution Time: the time since the instance began.

import { date, now } from '../clock.js';

const make = Symbol('make');

export class Performance {
  constructor(key = undefined) {
    if (key !== make) throw new TypeError('Illegal constructor');
  }

  get timeOrigin() {
    return date();
  }

  now() {
    return now();
  }

  toJSON() {
    return { timeOrigin: date() };
  }

  get [Symbol.toStringTag]() {
    return 'Performance';
  }
}

export const performance = new Performance(make);
