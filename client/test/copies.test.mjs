import assert from 'node:assert/strict';
import { test } from 'node:test';

import { copies } from '../copies.mjs';
import { Breach, Socket } from '../ws-host-client.js';

test('the library in one file is that of the modules', () => {
  for (const { path, held, text } of copies()) assert.ok(held === text, `${path} is not up to date: node client/copies.mjs`);
  assert.equal(new Breach('x').message, 'x');
  assert.equal(Socket.OPEN, 1);
});
