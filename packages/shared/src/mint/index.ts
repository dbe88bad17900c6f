// The minting half of the claim: secret keys and signatures. For the app server alone.
export * from './mint-claim.js';
export * from './signing-keys.js';
