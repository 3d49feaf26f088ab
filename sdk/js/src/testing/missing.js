// The globals that Node.js has and a guest has not.

export const MISSING = [
  'Buffer', 'BroadcastChannel', 'ByteLengthQueuingStrategy', 'CloseEvent', 'CompressionStream', 'CountQueuingStrategy', 'DecompressionStream', 'EventSource',
  'File', 'FormData', 'Intl', 'MessageChannel', 'MessageEvent', 'MessagePort', 'ReadableStream', 'Request', 'Response', 'TextDecoderStream',
  'TextEncoderStream', 'TransformStream', 'WebAssembly', 'WebSocket', 'Worker', 'WritableStream', 'fetch', 'require',
];
