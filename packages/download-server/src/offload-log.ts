// What nginx says of each response it has finished: one datagram of its access log in syslog's form, which
// it sends for every request, broken off or not. UDP may lose them, and a neighbour may forge them:
// a line counts only by the random ids in it, which only nginx and this process know.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** One line, as `log_format` in docs/nginx.conf writes it. */
export interface FrontLogLine {
  /** Which nginx process: `$hostname:$pid`. Each has a connection of its own to us. */
  front: string;
  /** nginx's own id of the request, which it also passed on to us. */
  requestId: string;
  /** Ours, if the answer that nginx took from its upstream bore one. */
  responseId: string | undefined;
  status: number;
  /** Body bytes that the connection took from nginx. */
  bytes: number;
  /** Whether nginx has handed all of the response to the connection. */
  complete: boolean;
}

const LINE =
  /(?:^| )([\w.-]{1,255}:\d{1,10}) ([0-9a-f]{32}) ([\w-]{22}|-) (\d{3}) (\d{1,15}) (OK)?-?\n?$/;

/** Undefined for whatever is not such a line. */
export function parseFrontLogLine(datagram: string): FrontLogLine | undefined {
  const [, front, requestId, responseId, status, bytes, complete] = LINE.exec(datagram) ?? [];
  if (front === undefined || requestId === undefined) return undefined;
  return {
    front,
    requestId,
    responseId: responseId === '-' ? undefined : responseId,
    status: Number(status),
    bytes: Number(bytes),
    complete: complete === 'OK',
  };
}

/** For many responses that end at once; Linux grants what `net.core.rmem_max` allows, and takes it when needed. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export interface FrontLog {
  /** The port it listens on, also when 0 was asked for. */
  port: number;
  close(): Promise<void>;
}

/**
 * Listens for nginx's lines. The port is this process's alone: a line that another process took would be lost.
 * @throws Error that names OFFLOAD_LOG_PORT when the port cannot be had.
 */
export async function openFrontLog(
  { host, port }: { host: string; port: number },
  onLine: (line: FrontLogLine) => void,
): Promise<FrontLog> {
  const type = isIPv6(host) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES });
  socket.on('message', (datagram) => {
    const line = parseFrontLogLine(datagram.toString('latin1'));
    if (line) onLine(line);
  });
  await bind(socket, host, port);
  // A datagram that failed is a datagram that was lost, which costs budget only.
  socket.on('error', () => {});
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function bind(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      socket.close();
      const why =
        error.code === 'EADDRINUSE'
          ? 'it is already in use; each download server process needs a port of its own, which nginx logs to'
          : error.message;
      reject(
        new Error(`cannot listen on ${host}:${port} (UDP, OFFLOAD_LOG_PORT): ${why}`, {
          cause: error,
        }),
      );
    };
    socket.once('error', refuse);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', refuse);
      resolve();
    });
  });
}
