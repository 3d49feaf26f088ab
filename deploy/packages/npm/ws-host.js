#!/usr/bin/env node
// Starts the binary of the package for this machine, which npm installs as an optional dependency.
'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');

const machine = `${process.platform}-${process.arch}`;

function binary() {
  for (const name of [machine, `${machine}-musl`]) {
    try {
      return require.resolve(`@ws-host/${name}/bin/ws-host`);
    } catch {
      // The other C library's package may be there.
    }
  }
  console.error(
    `ws-host: the package @ws-host/${machine}, which has the binary, is not installed. ` +
      'If npm left optional dependencies out, install ws-host again without --omit=optional; not every machine has a package.',
  );
  process.exit(1);
}

const file = binary();
const words = process.argv.slice(2);

if (process.execve) {
  // The process becomes the server: signals, and the limits of a service manager, reach it.
  process.execve(file, [file, ...words], process.env);
}

const child = spawn(file, words, { stdio: 'inherit' });

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child too, and a second one would cut its clients.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) {
      child.kill(signal);
    }
  });
}

child.on('error', (error) => {
  console.error(`ws-host: cannot run ${file}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
