// Lines for the host's log, and the end of an instance that has failed.

import { exit } from 'wasi:cli/exit@0.2.6';
import { getStderr } from 'wasi:cli/stderr@0.2.6';
import { getStdout } from 'wasi:cli/stdout@0.2.6';

import { encode } from './text.js';

/** The most that WASI takes in one write. */
const PIECE = 4096;

/** Writes a text and a line break to the log, at the level of information. */
export function print(text) {
  write(getStdout(), text);
}

/** The same at the level of warnings. */
export function warn(text) {
  write(getStderr(), text);
}

/** Logs an error with its stack, once, and ends the instance: what the handler has done so far is undone. */
export function fail(handler, error) {
  warn(`${handler} has failed: ${describe(error)}`);
  exit({ tag: 'err' });
}

/** An error with its stack, in the form that browsers and Node.js show. */
export function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ? `\n${error.stack.trimEnd()}` : '';
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describe(error.cause)}`;
  return `${error.name}: ${error.message}${stack}${cause}`;
}

function write(stream, text) {
  const bytes = encode(`${text}\n`);
  for (let at = 0; at < bytes.length; at += PIECE) {
    stream.blockingWriteAndFlush(bytes.slice(at, at + PIECE));
  }
}
