// The contract's interface `topics`, for a room of a test.

import { refused, sizeOf } from './refused.js';

const LONGEST_NAME = 256;
const MOST_TOPICS = 1024;

export const topics = (state) => {
  const subscribers = (topic) => [...(state.topics.get(topic) ?? [])].sort((one, other) => one - other);
  return {
    subscribers,
    ofClient: (id) => [...state.topics.keys()].filter((topic) => state.topics.get(topic).has(id)).sort(),

    subscribe(id, topic) {
      if (topic === '' || sizeOf(topic) > LONGEST_NAME) throw refused('invalid-topic');
      if (!state.isOpen(id)) throw refused('no-such-client');
      if (state.topics.get(topic)?.has(id)) return;
      if ([...state.topics.values()].filter((those) => those.has(id)).length >= MOST_TOPICS) throw refused('limit');
      state.topics.set(topic, (state.topics.get(topic) ?? new Set()).add(id));
    },

    unsubscribe(id, topic) {
      const those = state.topics.get(topic);
      those?.delete(id);
      if (those?.size === 0) state.topics.delete(topic);
    },

    publish(topic, message, except) {
      state.give(subscribers(topic), message, except);
    },
  };
};
