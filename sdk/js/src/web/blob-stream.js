// Blob's `stream`, apart from Blob so that guests without it need no streams.

import { blobStreams } from './blob.js';

/** The bytes of a piece. */
const PIECE = 65536;

blobStreams((bytes) => {
  let at = 0;
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      const request = controller.byobRequest;
      if (at === bytes.length) {
        controller.close();
        request?.respond(0);
        return;
      }
      const piece = bytes.slice(at, at + PIECE);
      at += piece.length;
      controller.enqueue(piece);
    },
  });
});
