// The systems that are compared. Each starts a server, and makes clients that send and hear numbered messages.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import readline from 'node:readline';

import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

import { Socket } from '../../client/src/socket.js';
import { Tally } from './tally.mjs';

/** ws-host with its client. `resume` says whether the client asks for a session. */
export function wsHost(resume) {
  return {
    name: resume ? 'ws-host and its client' : 'the same, `resume: false`',
    async start() {
      const { WS_HOST, GUEST } = process.env;
      const host = spawn(WS_HOST, ['run', GUEST, '--port', '0', '--no-page', '-q'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const line = await new Promise((told) => readline.createInterface(host.stdout).once('line', told));
      return { port: Number(/localhost:(\d+)/.exec(line)[1]), stop: () => host.kill() };
    },
    connect(port, name, heard) {
      const socket = new Socket(`ws://127.0.0.1:${port}/`, { resume, WebSocket });
      const client = { fresh: 0, send: (number) => socket.send(`up ${name} ${number}`), close: () => socket.close() };
      const account = new Promise((told) => {
        socket.onmessage = ({ data }) => {
          if (data.startsWith('account ')) told(JSON.parse(data.slice(8)));
          else heard(Number(data.slice(5)));
        };
      });
      socket.onfresh = () => client.fresh++;
      client.account = (sent) => {
        socket.send(`account ${name} ${sent}`);
        return account;
      };
      return new Promise((ready) => (socket.onopen = () => ready(client)));
    },
  };
}

/** Socket.IO with connection state recovery. `retries` has its client repeat what the server has not acknowledged. */
export function socketIo(retries) {
  return {
    name: retries ? `the same, \`retries: ${retries}\`` : 'Socket.IO, connection state recovery',
    async start() {
      const http = createServer();
      const server = new Server(http, { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } });
      const senders = new Map();
      server.on('connection', (socket) => {
        socket.on('up', (name, number, acknowledge) => {
          if (!senders.has(name)) senders.set(name, new Tally());
          senders.get(name).note(number);
          acknowledge?.();
        });
        socket.on('account', (name, sent, answer) => {
          answer((senders.get(name) ?? new Tally()).account(sent));
        });
      });
      let sent = 0;
      const timer = setInterval(() => server.emit('down', ++sent), 100);
      await new Promise((ready) => http.listen(0, '127.0.0.1', ready));
      const stop = () => {
        clearInterval(timer);
        server.close();
      };
      return { port: http.address().port, stop };
    },
    connect(port, name, heard) {
      const options = retries ? { retries, ackTimeout: 5000 } : {};
      const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, ...options });
      const client = { fresh: 0, send: (number) => socket.emit('up', name, number), close: () => socket.close() };
      // With retries, an error comes first.
      client.account = (sent) => new Promise((told) => socket.emit('account', name, sent, (...answer) => told(answer.at(-1))));
      socket.on('down', heard);
      return new Promise((ready) => {
        let opened = false;
        socket.on('connect', () => {
          if (opened && !socket.recovered) client.fresh++;
          opened = true;
          ready(client);
        });
      });
    },
  };
}
