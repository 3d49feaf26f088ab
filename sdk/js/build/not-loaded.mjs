// Reports a module that fails while it loads, with the positions in its sources.

import { translated } from '../src/positions.js';

/** Prints the stack, and returns an error with a line that has the first position of it. */
export function notLoaded(shown, error, frame, positions) {
  const stack = translated(error?.stack ?? '', frame, positions).split('\n').filter((line) => /^ +at .*[^)]\)$/.test(line));
  const own = stack.filter((line) => !/file:|node:|\(native\)/.test(line));
  if (own.length > 1) process.stderr.write(`${own.join('\n')}\n`);
  const position = /\([^()]+\)$/.exec(own[0] ?? '')?.[0];
  return new Error(`${shown} failed while it was loaded: ${error?.message ?? error}${position ? ` ${position}` : ''}`);
}
