// `setTimeout` and its kin, on one timer of the room at a time. They end with the instance, unlike those of `room.setTimer`.

import * as control from 'ws-host:server/control@0.2.0';

import { now } from './clock.js';
import { isRunning } from './phase.js';
import { microseconds } from './values.js';

/** The payload of the room's timer that calls for these. No JSON begins with this byte. */
const MARK = 0xff;

/** The longest delay in milliseconds. For longer ones Node.js and browsers take none or the shortest. */
const LONGEST = 2 ** 31 - 1;

/** The shortest period of an interval in milliseconds, as in Node.js. */
const SHORTEST = 1;

/** The room's timer may come this much early by the clock of the instance, in milliseconds. */
const GRAIN = 0.001;

/** Timers by id. */
const timers = new Map();

/** The timers as a binary heap, the earliest first. A cleared one stays until its time. */
const heap = [];

/** The room's timer that is set: its id, and the time for which it is set. */
let armed;

let created = 0;

export function setTimeout(callback, delay = 0, ...args) {
  return start(callback, within(delay, 0), args, false);
}

export function setInterval(callback, delay = 0, ...args) {
  return start(callback, within(delay, SHORTEST), args, true);
}

export function setImmediate(callback, ...args) {
  return start(callback, 0, args, false);
}

/** Clears a timer of any of the three. */
export function clear(id) {
  const timer = timers.get(Number(id));
  if (!timer) return;
  timers.delete(timer.id);
  // It stays in the heap until its time, and must not keep what its function refers to.
  timer.callback = timer.args = undefined;
  if (heap.length > 2 * timers.size + 100) {
    const set = [...timers.values()].sort((one, other) => (isBefore(one, other) ? -1 : 1));
    heap.length = 0;
    // A sorted list is a heap.
    for (const one of set) heap.push(one);
  }
}

/** Starts the timers that the module has set in the build, which has no clock. */
export function begin() {
  const begun = now();
  for (const timer of heap) timer.due += begun;
}

/** Whether the payload is that of the room's timer for these. */
export function isMark(payload) {
  return payload.length === 1 && payload[0] === MARK;
}

/** Calls the function of the earliest timer, if it is due, when the room's timer with this id comes. Each call is an event of its own. */
export function fire(id) {
  // The timer of an instance before this one, which a trap or a swap has left behind.
  if (armed?.id !== id) return undefined;
  armed = undefined;
  dropCleared();
  const timer = heap[0];
  const time = now();
  if (!timer || timer.due > time + GRAIN) return undefined;
  take();
  if (timer.period === undefined) {
    timers.delete(timer.id);
  } else {
    // From the time at which it was due, so that an interval does not drift. Calls that were missed are left out.
    const missed = Math.max(0, Math.floor((time - timer.due) / timer.period));
    timer.due += timer.period * (1 + missed);
    put(timer);
  }
  return timer.callback(...timer.args);
}

/** Sets the room's timer for the earliest of these. Called at the end of each event. */
export function arm() {
  dropCleared();
  const next = heap[0];
  if (!next || (armed && armed.due <= next.due)) return;
  if (armed) control.cancelTimer(armed.id);
  const delay = microseconds(next.due - now());
  armed = { id: control.setTimer(delay, { repeat: false, durable: false }, Uint8Array.of(MARK)), due: next.due };
}

function start(callback, delay, args, repeats) {
  if (typeof callback !== 'function') throw new TypeError(`a timer calls a function, not ${typeof callback}`);
  const id = ++created;
  const due = delay + (isRunning() ? now() : 0);
  timers.set(id, put({ id, callback, args, due, period: repeats ? delay : undefined }));
  return id;
}

function within(delay, shortest) {
  const wanted = Number(delay);
  return wanted > shortest && wanted <= LONGEST ? wanted : shortest;
}

function dropCleared() {
  while (heap.length > 0 && !timers.has(heap[0].id)) take();
}

/** Of those with the same time the one that was created first comes first. */
function isBefore(one, other) {
  return one.due < other.due || (one.due === other.due && one.id < other.id);
}

/** Adds a timer to the heap. */
function put(timer) {
  let at = heap.push(timer) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(timer, heap[parent])) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = timer;
  return timer;
}

/** Takes the earliest timer from the heap. */
function take() {
  const last = heap.pop();
  if (heap.length === 0) return;
  let at = 0;
  for (let child = 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1;
    if (!isBefore(heap[child], last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
}
