// The environment of an instance in a test.

import { there } from './bridge.js';

export function getEnvironment() {
  return Object.entries(there().env);
}
