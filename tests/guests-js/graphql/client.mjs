// Asks the server at the URL in the first argument, and prints each answer on a line.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const client = createClient({ url: process.argv[2], webSocketImpl: WebSocket, lazy: false, retryAttempts: 0, onNonLazyError: fail });

for (const query of ['{ greeting(name: "Ann") }', '{ broken }', 'subscription { countdown(from: 2) }']) {
  for await (const { data, errors } of client.iterate({ query })) {
    console.log(JSON.stringify(data ?? null), errors?.map(({ message }) => message).join() ?? '');
  }
}
await client.dispose();

function fail(error) {
  console.error(error);
  process.exit(1);
}
