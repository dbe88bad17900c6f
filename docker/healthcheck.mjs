// Exit status 0 when the server on this container's port answers that it is ready:
//   node docker/healthcheck.mjs PORT
const answer = await fetch(`http://127.0.0.1:${process.argv[2]}/readyz`);
process.exit(answer.ok ? 0 : 1);
