// A store that is further away: a TCP relay that holds every answer back for a while. In a process of its own, so
// that it shares no event loop with what is measured. node relay.mjs LISTEN_PORT TARGET_PORT DELAY_MS
import { connect, createServer } from 'node:net';

const [listenPort, targetPort, delayMs] = process.argv.slice(2).map(Number);

createServer({ noDelay: true }, (near) => {
  const far = connect({ port: targetPort ?? 0, host: '127.0.0.1', noDelay: true });
  near.pipe(far);
  // Timers of one length fire in the order they were set, so answers stay in theirs.
  far.on('data', (chunk) => void setTimeout(() => near.write(chunk), delayMs));
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one?.on('error', () => other?.destroy());
    one?.on('close', () => other?.destroy());
  }
}).listen(listenPort, '127.0.0.1');
