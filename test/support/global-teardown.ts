// Stops what global-setup started.
export default async function globalTeardown(): Promise<void> {
  const servers = globalThis.claimcheckServers;
  await Promise.all([servers?.redis.stop(), servers?.postgres.stop()]);
}
