// The end of an instance in a test: the test gets the error. Warnings go to the output of the test.

import { there } from './bridge.js';

export function fail(_handler, error) {
  there().fail(error);
}

export function refusal(error) {
  return error;
}

export function warn(text) {
  console.warn(text);
}

export function describe(reason) {
  return reason?.stack ?? String(reason);
}
