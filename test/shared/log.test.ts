// No token reaches a log, wherever in a line it stands.
import { describe, expect, test } from '@jest/globals';
import { createLogger, cutTokens } from '@claimcheck/shared/log';
import { mintClaim } from '@claimcheck/shared/mint';
import { NOW_MS, sampleKeys, sampleSentence } from '../claim/sample-claim.js';

describe('the logger', () => {
  test('cuts tokens out of urls, headers, messages and errors', async () => {
    const { key } = await sampleKeys();
    const { token } = await mintClaim(key, sampleSentence(), NOW_MS);
    const lines: string[] = [];
    const log = createLogger('test', 'info', { write: (line) => lines.push(line) });
    log.info(
      { url: `/d/${token}/report.pdf`, headers: { authorization: `Bearer ${token}` } },
      `got ${token}`,
    );
    log.error({ err: new Error(`cannot read ${token}`) });
    log.info({ url: `/d/${encodeURIComponent(token)}` });
    const text = lines.join('');
    for (const part of token.split('.').slice(2)) expect(text).not.toContain(part);
    expect(text).toContain('/d/[token]/report.pdf');
  });

  test('shows no bytes: a token would stand in them as numbers', () => {
    const lines: string[] = [];
    const log = createLogger('test', 'info', { write: (line) => lines.push(line) });
    const rawPacket = Buffer.from('GET /d/v4.public.AAAA');
    log.info({ err: Object.assign(new Error('parse error'), { rawPacket }) });
    expect(lines.join('')).not.toMatch(/71,69,84/);
    expect(JSON.parse(lines.join(''))).toMatchObject({ err: { rawPacket: '[bytes]' } });
  });

  test.each(['v4.local.AAAA', 'v2.public.AAAA.BBBB', 'k4.secret.AAAA', 'k4.local.AAAA'])(
    'cuts %s',
    (secret) => {
      expect(cutTokens(`a ${secret} b`)).toBe('a [token] b');
    },
  );

  test('leaves public things as they are', () => {
    const text = 'k4.pid.AAAA k4.public.AAAA v1.2.3 a.v4.publication';
    expect(cutTokens(text)).toBe(text);
  });
});
