// Opening and closing an HTTP server: a clear word when the port cannot be had, and a stop that lets
// running responses finish.
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { createUnderway } from '../underway.js';
import { onAnswerEnd } from './on-answer-end.js';

export interface Listening {
  server: Server;
  /** The port it listens on, also when 0 was asked for. */
  port: number;
  /** True from the moment a stop was asked for: no new work. */
  readonly stopping: boolean;
  /** From now on answers say `Connection: close`; connections are still taken until `stop()`. */
  announceStop(): void;
  /**
   * Stops accepting, waits for running responses, resolves when the last connection is gone and the
   * handler has come to its end for every request. Asked again, it gives the same promise.
   */
  stop(): Promise<void>;
  /** Ends every connection, whatever runs on it. */
  cut(): void;
}

export interface ListenOptions {
  host: string;
  port: number;
  /** The variable that sets the port, for the message when it is taken. */
  portName: string;
  /** The variable that sets the host, likewise; `HOST` unless told otherwise. */
  hostName?: string;
  /** Limits on what a client may send, and how slowly. */
  limits?: ServerOptions;
}

/** What answers a request; a promise that it returns is waited for at a stop. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** @throws Error that names the variable when the port is taken or forbidden. */
export async function listen(handler: Handler, options: ListenOptions): Promise<Listening> {
  const { host, port, portName, hostName = 'HOST', limits = {} } = options;
  let stopping = false;
  const handled = createUnderway<Promise<unknown>>();
  const answers = createUnderway<ServerResponse>();
  const server = createServer(limits, (request, response) => {
    if (stopping) response.setHeader('Connection', 'close');
    const answer = answers.add(response);
    onAnswerEnd(response, () => {
      answers.remove(answer);
      if (stopping) closeIdle();
    });
    const answering = Promise.resolve(handler(request, response)).finally(() =>
      handled.remove(place),
    );
    const place = handled.add(answering);
  });

  /**
   * Node takes a connection for idle as soon as its answer was ended, though the last of it may still wait
   * for the client, and would cut it off there. So not while any answer is in that state: its own end
   * comes here again.
   */
  function closeIdle(): void {
    for (const { writableEnded, writableFinished } of answers.all()) {
      if (writableEnded && !writableFinished) return;
    }
    server.closeIdleConnections();
  }

  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(explainListenError(error, { host, port, portName, hostName })),
    );
    server.listen(port, host, resolve);
  });
  let stopped: Promise<void> | undefined;
  // A connection is gone a moment before its handler has written down how it ended.
  const allHandled = async () => void (await Promise.allSettled(handled.all()));
  const close = () =>
    new Promise<void>((resolve, reject) => {
      stopping = true;
      // Not the HTTP server's own: that closes what it takes for idle, and no longer looks after slow heads.
      NetServer.prototype.close.call(server, (error) => (error ? reject(error) : resolve()));
      closeIdle();
      // Browsers open connections in advance. Node does not count those as idle, and would wait.
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    get stopping() {
      return stopping;
    },
    announceStop: () => void (stopping = true),
    stop: () => (stopped ??= close().then(allHandled)),
    cut: () => server.closeAllConnections(),
  };
}

function explainListenError(
  error: NodeJS.ErrnoException,
  { host, port, portName, hostName }: Required<Omit<ListenOptions, 'limits'>>,
): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is already in use; stop the other program or set ${portName} to a free port`,
    EACCES: `port ${port} needs more rights than this user has; set ${portName} to a port above 1023`,
    EADDRNOTAVAIL: `this machine has no address ${host}; set ${hostName} to one it has`,
    ENOTFOUND: `the host name ${host} is unknown; set ${hostName} to an address of this machine`,
  };
  return new Error(
    `cannot listen on ${host}:${port}: ${reasons[error.code ?? ''] ?? error.message}`,
    { cause: error },
  );
}
