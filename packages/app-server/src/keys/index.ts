// The rules of keys, for tests of the rules themselves. Nothing else imports it.
export * from './change-ring.js';
export * from './key-life.js';
export { readArguments, UsageError } from './command/read-arguments.js';
export { createKeyStore, type KeyStore } from './key-store.js';
export { openKeys, type KeyTending } from './tend-keys.js';
export { markBeforeFence, revokeKeys } from './revoke-keys.js';
export { readRing, type Ring } from './ring-file.js';
export * from './rotate-keys.js';
export { readSecretFile, SecretFileError } from './secret-file.js';
export * from './wrap-secret.js';
export * from './wrapping.js';
