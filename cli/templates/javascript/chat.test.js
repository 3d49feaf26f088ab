// Tests of the handlers, without a host: `npm test` runs them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Room } from 'ws-host-guest/testing';

test('everybody hears a text with the name of its guest', async () => {
  const room = await Room.open();
  const [ann, ben] = [await room.join(), await room.join()];
  assert.deepEqual(room.hears(ben), ['* guest-2 has joined']);
  await room.says(ann, 'hello');
  assert.deepEqual(room.hears(ben), ['guest-1: hello']);
});
