// Exit status 0 when the server on this container's port answers that it is ready:
//   node docker/healthcheck.mjs PORT
const url = `http://127.0.0.1:${process.argv[2]}/readyz`;
const answer = await fetch(url, { signal: AbortSignal.timeout(2500) });
process.exit(answer.ok ? 0 : 1);
