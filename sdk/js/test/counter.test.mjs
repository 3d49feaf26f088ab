// The counter that the guide's chapter on state shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Room } from 'ws-host-guest/testing';

test('the counter of the guide tells everybody the number of each visit, and keeps it in the store', async () => {
  const room = await Room.open(new URL('../../../guest-examples/counter/javascript/index.js', import.meta.url));
  const ann = await room.join();
  const ben = await room.join();
  assert.deepEqual([room.hears(ann), room.hears(ben)], [['visit 1', 'visit 2'], ['visit 2']]);
  assert.equal(room.store.get('visits'), 2);
});
