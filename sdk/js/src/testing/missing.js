// The globals that Node.js has and a guest has not.

export const MISSING = [
  'Buffer', 'BroadcastChannel', 'CloseEvent', 'CompressionStream', 'DecompressionStream', 'EventSource', 'Intl', 'MessageChannel',
  'MessageEvent', 'MessagePort', 'WebAssembly', 'WebSocket', 'Worker', 'require',
];
