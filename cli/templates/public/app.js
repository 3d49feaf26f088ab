// The page of the chat. Its socket has the interface of WebSocket. It comes back when the connection breaks, and no message is lost.

import { Socket } from './ws-host-client.js';

const [log, status, form, text] = ['#log', '#status', 'form', '#text'].map((name) => document.querySelector(name));
const socket = new Socket('/');

socket.onmessage = ({ data }) => show(typeof data === 'string' ? data : `${data.size} bytes`);

socket.onstatus = (event) => {
  status.dataset.status = event.status;
  status.textContent = event.status;
  if (event.resumed) show(`* back after ${Math.ceil(event.away / 1000)} s, nothing lost`);
};

// The host has no state of this page any more, for example since it was started anew.
socket.onfresh = ({ unknown }) => {
  const own = unknown.length ? `, and perhaps ${unknown.length} of your messages` : '';
  show(`* back as a new guest: what was said meanwhile is lost${own}`);
};

socket.onclose = ({ code, reason }) => show(`* the chat is over: ${reason || code}`);

form.onsubmit = (event) => {
  event.preventDefault();
  if (!text.value) return;
  try {
    socket.send(text.value); // while the connection is away, it waits
    text.value = '';
  } catch (error) {
    show(`* not sent: ${error.message}`);
  }
};

// Adds a line of the chat: `name: words`, or `* words` about somebody.
function show(message) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const [, name, words] = /^([^\s:]+): ([^]*)$/.exec(message) ?? [];
  const line = document.createElement('li');
  if (name) line.append(Object.assign(document.createElement('b'), { textContent: name }), ' ');
  else line.className = 'note';
  line.append(name ? words : message); // as text: it never becomes markup
  log.append(line);
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}
