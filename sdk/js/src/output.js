// Writes lines to the host's log, and ends a failed instance.

import { encode } from 'ws-host:engine';
import { exit } from 'wasi:cli/exit@0.2.6';
import { getStderr } from 'wasi:cli/stderr@0.2.6';
import { getStdout } from 'wasi:cli/stdout@0.2.6';

import { inspect } from './web/inspect.js';

/** WASI takes at most this many bytes in one write. */
const PIECE = 4096;

/** Writes a text and a line break to the log, at level info. */
export function print(text) {
  write(getStdout(), text);
}

/** Writes a text and a line break to the log, at level warn. */
export function warn(text) {
  write(getStderr(), text);
}

/** Logs an error with its stack and ends the instance. The handler's effects are dropped. */
export function fail(handler, error) {
  warn(`${handler} has failed: ${describe(error)}`);
  exit({ tag: 'err' });
}

/** Logs an error of `onStart` with its stack. Returns the text that the contract returns as the error of the start or the swap. */
export function refusal(error) {
  warn(`onStart has failed: ${describe(error)}`);
  return error instanceof Error ? error.message : String(error);
}

/** Shows what was thrown: an error with its stack. */
export function describe(reason) {
  return typeof reason === 'string' ? reason : inspect(reason);
}

function write(stream, text) {
  const bytes = encode(`${text}\n`);
  for (let at = 0; at < bytes.length; at += PIECE) {
    stream.blockingWriteAndFlush(bytes.slice(at, at + PIECE));
  }
}
