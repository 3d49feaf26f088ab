// A room of a test: its clients, and everything that the application has done to them.

export class State {
  /** The details of the members by id. */
  members = new Map();
  /** The ids of the members without a line. */
  away = new Set();
  /** The client that is leaving. Its details are still known. */
  leaver;
  /** The messages that a client has not heard yet. */
  heard = new Map();
  /** The code and the reason with which a client was closed. */
  closed = new Map();
  attachments = new Map();
  /** The ids of each topic's subscribers. */
  topics = new Map();
  timers = new Map();
  lastTimer = 0;
  store = new Map();
  /** The requests to HTTP servers that have no whole answer yet, by id. */
  requests = new Map();
  lastRequest = 0;
  /** The replies to requests of clients, by id: `head`, `pieces`, `isOver` and `isCut`. */
  replies = new Map();
  /** The name of the room, the names of the others if the test limits them, and the messages that they have not taken yet. */
  name = 'main';
  rooms;
  sent = new Map();
  /** The bytes that the running handler has written to the store. */
  written = 0;
  isDenying = false;
  /** The time that has passed, in microseconds. */
  now = 0;

  /** Copies what a handler changes. `goBack` takes the copy. */
  copy() {
    const { members, closed, attachments, timers, store, requests, replies, sent, isDenying } = this;
    return {
      ...Object.fromEntries(Object.entries({ members, closed, attachments, timers, store, requests, replies, sent }).map(([name, map]) => [name, new Map(map)])),
      heard: new Map(Array.from(this.heard, ([id, messages]) => [id, [...messages]])),
      topics: new Map(Array.from(this.topics, ([name, those]) => [name, new Set(those)])),
      away: new Set(this.away),
      ...(this.rooms && { rooms: new Set(this.rooms) }),
      isDenying,
    };
  }

  /** Undoes everything since a copy was made. */
  goBack(copy) {
    Object.assign(this, copy);
  }

  /** A member, or the client that is leaving. */
  known(id) {
    return this.members.get(id) ?? (this.leaver?.id === id ? this.leaver : undefined);
  }

  /** Whether a client is a member that the application has not closed. */
  isOpen(id) {
    return this.members.has(id) && !this.closed.has(id);
  }

  /** Whether a message to this room has somebody to go to. */
  hasRoom(name) {
    return name === this.name || !this.rooms || this.rooms.has(name);
  }

  /** Gives a message to those of these clients that are open and not excepted. */
  give(ids, message, except = []) {
    const heard = message.tag === 'text' ? message.val.toWellFormed() : message.val.slice();
    for (const id of ids) {
      if (!this.isOpen(id) || except.includes(id)) continue;
      if (!this.heard.has(id)) this.heard.set(id, []);
      this.heard.get(id).push(heard);
    }
  }

  /** Removes a member, also from its topics. Its attachment stays until `leaver` is gone. */
  remove(id) {
    const member = this.members.get(id);
    this.members.delete(id);
    this.away.delete(id);
    for (const [name, those] of this.topics) {
      those.delete(id);
      if (those.size === 0) this.topics.delete(name);
    }
    return member;
  }

  /** Takes the earliest timer that is due by `end`, and moves the clock to its time. A repeating one is set again. */
  takeDue(end) {
    let found;
    for (const [id, timer] of this.timers) {
      // Ids grow in the order of the map, so of those with the same time the oldest comes first.
      if (timer.due <= end && (!found || timer.due < found.due)) found = { id, ...timer };
    }
    if (!found) return undefined;
    this.now = Math.max(this.now, found.due);
    if (found.every === undefined) this.timers.delete(found.id);
    else this.timers.set(found.id, { ...this.timers.get(found.id), due: found.due + found.every });
    return found;
  }
}
