// The globals that Node.js has and a guest has not.

export const MISSING = [
  'Buffer', 'BroadcastChannel', 'CloseEvent', 'CompressionStream', 'DecompressionStream', 'EventSource', 'File', 'FormData', 'Intl', 'MessageChannel',
  'MessageEvent', 'MessagePort', 'Request', 'Response', 'WebAssembly', 'WebSocket', 'Worker', 'fetch', 'require',
];
