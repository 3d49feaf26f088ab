// The end of an instance in a test: the test gets the error.

import { there } from './bridge.js';

export function fail(_handler, error) {
  there().fail(error);
}

export function refusal(error) {
  return error;
}
