// Lines of nginx's log as the download server reads them: whatever is not exactly one of ours is nothing, and a line
// is handed to one who waits for it, once.
import { describe, expect, it, test } from '@jest/globals';
import { createLineExpectations } from '@claimcheck/download-server/offload-lines';
import { openFrontLog, parseFrontLogLine } from '@claimcheck/download-server/offload-log';

const FRONT = 'www-1.example.org:4711';
const REQUEST = '0123456789abcdef0123456789abcdef';
const RESPONSE = 'AbCdEfGhIjKlMnOpQrSt_-';

describe('a line', () => {
  it('of nginx is read', () => {
    const prefix = '<190>Nov 22 08:05:22 claimcheck: ';
    expect(parseFrontLogLine(`${prefix}${FRONT} ${REQUEST} ${RESPONSE} 206 4 OK`)).toEqual({
      front: FRONT,
      requestId: REQUEST,
      responseId: RESPONSE,
      status: 206,
      bytes: 4,
      complete: true,
    });
    expect(parseFrontLogLine(`${prefix}${FRONT} ${REQUEST} - 499 0 `)).toEqual({
      front: FRONT,
      requestId: REQUEST,
      responseId: undefined,
      status: 499,
      bytes: 0,
      complete: false,
    });
  });

  test.each([
    '',
    'x',
    `${REQUEST} ${RESPONSE} 200 1 OK`,
    `${FRONT} ${REQUEST} ${RESPONSE} 200`,
    `${FRONT} ${REQUEST} ${RESPONSE} 200 -1 OK`,
    `${FRONT} ${REQUEST} ${RESPONSE} 200 1e3 OK`,
    `${FRONT} ${REQUEST} ${RESPONSE} 200 9999999999999999 OK`,
    `${FRONT} ${REQUEST} ${RESPONSE} 200 1 OK and more`,
    `${FRONT} ${REQUEST.toUpperCase()} ${RESPONSE} 200 1 OK`,
    `${FRONT} 0${REQUEST} ${RESPONSE} 200 1 OK`,
  ])('like %j is nothing', (text) => {
    expect(parseFrontLogLine(text)).toBeUndefined();
  });
});

describe('who waits for a line', () => {
  const line = {
    front: FRONT,
    requestId: REQUEST,
    responseId: undefined,
    status: 200,
    bytes: 1,
    complete: true,
  };

  it('gets it, and a second one of it finds nobody', async () => {
    const lines = createLineExpectations();
    const waiting = lines.expect(REQUEST);
    expect(lines.expect(REQUEST)).toBeUndefined();
    lines.arrive(line);
    lines.arrive({ ...line, bytes: 2 });
    expect(await waiting?.line).toEqual(line);
    const next = lines.expect(REQUEST);
    waiting?.giveUp();
    lines.arrive({ ...line, bytes: 3 });
    expect((await next?.line)?.bytes).toBe(3);
  });

  it('gets none that comes after the wait was over', async () => {
    const lines = createLineExpectations();
    const waiting = lines.expect(REQUEST);
    waiting?.giveUp();
    lines.arrive(line);
    expect(await waiting?.line).toBeUndefined();
  });
});

describe('the port', () => {
  it('is one process’s alone, and refused by name when it is taken', async () => {
    const first = await openFrontLog({ host: '127.0.0.1', port: 0 }, () => {});
    const again = openFrontLog({ host: '127.0.0.1', port: first.port }, () => {});
    await expect(again).rejects.toThrow(/OFFLOAD_LOG_PORT.*already in use/);
    await first.close();
  });
});
