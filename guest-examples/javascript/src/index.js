// @ts-check
// A chat: everybody sees joins, leaves and messages, chooses a name, and can whisper.

import { room } from 'ws-host-guest';

/** @typedef {import('ws-host-guest').Client} Client */

const HELP = `\
* /name Ada       from now on you are Ada
* /msg Ada hello  says hello to Ada alone; her id works too
* /who            who is here
* /help           this`;

const MAX_NAME = 24; // A line should still have room for the message.
const MAX_LISTED = 100;
// A name starts with a letter, so it is never taken for an id.
const NAME = new RegExp(`^\\p{L}[\\p{L}\\p{N}_-]{0,${MAX_NAME - 1}}$`, 'u');

/**
 * The chosen names. A client without one is shown as guest-7.
 * @type {Map<number, string>}
 */
const names = new Map();

/** @type {import('ws-host-guest').App} */
export default {
  onConnect(client) {
    say(`* ${nameOf(client)} has joined`);
    client.send(`* You are ${nameOf(client)}; /help shows what you can do`);
  },

  onMessage(client, message) {
    if (typeof message !== 'string') {
      say(message, client);
      return;
    }
    // Text after a line break could imitate a line of the chat's own.
    const text = message.replace(/\p{Cc}/gu, ' ').trim();
    const [word, rest] = split(text);
    if (word === '/name') rename(client, rest);
    else if (word === '/msg') whisper(client, rest);
    else if (word === '/who') client.send(who());
    else if (word === '/help') client.send(HELP);
    else if (word.startsWith('/')) client.send('* Unknown command; /help lists the commands');
    else if (text) say(`${nameOf(client)}: ${text}`);
  },

  onClose(client, { clean }) {
    say(`* ${nameOf(client)} ${clean ? 'has left' : 'has lost the connection'}`);
    names.delete(client.id);
  },

  // Names outlive the instance when a new release takes over, as a line `7 Ada` each. The chats in other languages use
  // the same format, so any of them can take over.
  stateVersion: 'chat-names-1',

  snapshot() {
    return new TextEncoder().encode(Array.from(names, ([id, name]) => `${id} ${name}\n`).join(''));
  },

  onStart({ data, version }) {
    if (!data) return;
    if (version !== this.stateVersion) throw new Error(`state of an unknown format: ${version}`);
    const lines = new TextDecoder().decode(data).split('\n').filter(Boolean).map(split);
    // After a failure the state is as old as the last release: some of its clients may have left.
    for (const [id, name] of lines) if (room.client(Number(id))) names.set(Number(id), name);
  },
};

/** @param {Client} client @param {string} name */
function rename(client, name) {
  const owner = find(name);
  if (!NAME.test(name)) {
    client.send(`* A name is 1 to ${MAX_NAME} letters, digits, - and _, a letter first`);
  } else if ((owner && owner !== client) || name.toLowerCase().startsWith('guest-')) {
    client.send('* That name is taken');
  } else {
    say(`* ${nameOf(client)} is now ${name}`);
    names.set(client.id, name);
  }
}

/** @param {Client} client @param {string} rest */
function whisper(client, rest) {
  const [name, text] = split(rest);
  const to = find(name);
  if (!text) client.send('* To whisper: /msg Ada hello');
  else if (!to) client.send('* No one here has that name; /who lists everybody');
  else {
    to.send(`${nameOf(client)} (to you alone): ${text}`);
    client.send(`You (to ${nameOf(to)} alone): ${text}`);
  }
}

function who() {
  const here = room.clients;
  const listed = here.slice(0, MAX_LISTED).map((client) => `${nameOf(client)} (${client.id})`);
  const more = here.length > MAX_LISTED ? ` and ${here.length - MAX_LISTED} more` : '';
  return `* Here: ${listed.join(', ')}${more}`;
}

/** @param {Client} client */
function nameOf(client) {
  return names.get(client.id) ?? `guest-${client.id}`;
}

/**
 * Finds a client by its chosen name, its `guest-` name or its id.
 * @param {string} name
 */
function find(name) {
  for (const [id, chosen] of names) if (chosen.toLowerCase() === name.toLowerCase()) return room.client(id);
  const id = name.replace(/^guest-/, '');
  return /^\d{1,15}$/.test(id) ? room.client(Number(id)) : undefined;
}

/**
 * Splits off the first word.
 * @param {string} text
 * @returns {[string, string]}
 */
function split(text) {
  const [word] = text.split(' ', 1);
  return [word, text.slice(word.length).trim()];
}

// Sends a message to everybody. If it is too long to send, the log says so.
/** @param {Parameters<typeof room.broadcast>} what */
function say(...what) {
  const sent = room.broadcast(...what);
  if (sent !== 'queued') console.error(`not sent: ${sent}`);
}
