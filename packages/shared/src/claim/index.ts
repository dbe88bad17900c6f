// The verifying half of the claim, for every server. Minting is a separate entry (`./mint`), which
// lint keeps out of the download server.
export * from './budget.js';
export * from './claim.js';
export * from './key-id.js';
export * from './key-ring.js';
export * from './limits.js';
export * from './revocation-subjects.js';
export * from './storage-key.js';
export * from './verification-key.js';
export * from './verify-claim.js';
