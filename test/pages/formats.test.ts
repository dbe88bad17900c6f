// Sizes, times, media types, user agents and commands in words.
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  curlCommand,
  describeMediaType,
  formatProgress,
  formatSize,
  formatTime,
  readUserAgent,
  savedName,
  wgetCommand,
} from '@claimcheck/app-server/pages';

const spaced = (text: string) => text.replaceAll('\u00a0', ' ');

describe('sizes', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [1_234_567, '1.2 MB'],
    [12_345_678, '12.3 MB'],
    [10 * 1024 ** 3, '10.7 GB'],
    [2.5e15, '2.5 PB'],
  ])('%d is %s', (bytes, words) => {
    expect(spaced(formatSize(bytes))).toBe(words);
  });

  test.each([
    [3e6, 12e6, '3 of 12 MB'],
    [0, 12e6, '0 of 12 MB'],
    [900_000, 12e6, '900 kB of 12 MB'],
    [11_999_999, 12e6, '11.9 of 12 MB'],
    [999, 1000, '999 bytes of 1 kB'],
  ])('%d of %d is %s', (sent, total, words) => {
    expect(spaced(formatProgress(sent, total))).toBe(words);
  });

  test('never shows a four-digit number below the largest unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999e12 }), (bytes) => {
        expect(Number.parseFloat(formatSize(bytes))).toBeLessThan(1000);
      }),
    );
  });

  test('something incomplete never reads as complete', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), fc.integer({ min: 1, max: 1e6 }), (a, b) => {
        const [sent = '', total = ''] = formatProgress(a, a + b).split(' of ');
        expect(sent).not.toBe(total);
        if (!/[a-z]/i.test(sent))
          expect(Number(sent)).toBeLessThanOrEqual(Number.parseFloat(total));
      }),
    );
  });
});

test('times are in UTC and say so', () => {
  const at = new Date('2026-01-02T23:04:59.999Z');
  expect(spaced(formatTime(at))).toBe('2 Jan 2026, 23:04 UTC');
  expect(spaced(formatTime(at, 'clock'))).toBe('23:04 UTC');
});

test.each([
  ['application/pdf', 'PDF'],
  ['Text/Plain; charset=utf-8', 'Text'],
  ['image/x-unheard-of', 'Image'],
  ['application/x-foo', 'application/x-foo'],
  ['constructor', 'constructor'],
])('the media type %s reads %s', (type, words) => {
  expect(describeMediaType(type)).toBe(words);
});

const MOZILLA = 'Mozilla/5.0';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

describe('user agents', () => {
  test.each([
    [
      `${MOZILLA} (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0`,
      'Firefox 132 on Windows',
    ],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME}`, 'Chrome 131 on Windows'],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${CHROME} Edg/131.0.0.0`, 'Edge 131 on Windows'],
    [`${MOZILLA} (X11; Linux x86_64) ${CHROME} OPR/116.0.0.0`, 'Opera 116 on Linux'],
    [`${MOZILLA} (X11; CrOS x86_64 14541.0.0) ${CHROME}`, 'Chrome 131 on ChromeOS'],
    [
      `${MOZILLA} (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`,
      'Samsung Internet 27 on Android',
    ],
    [
      `${MOZILLA} (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile DuckDuckGo/5 Safari/537.36`,
      'DuckDuckGo 5 on Android',
    ],
    [
      `${MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1`,
      'Safari 18 on iPhone',
    ],
    [
      `${MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`,
      'Chrome 131 on iPhone',
    ],
    [
      `${MOZILLA} (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/132.0 Mobile/15E148 Safari/605.1.15`,
      'Firefox 132 on iPad',
    ],
    [
      `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`,
      'Safari 18 on macOS',
    ],
    ['curl/8.5.0', 'curl 8'],
    ['Wget/1.21.4', 'Wget 1'],
    ['aria2/1.37.0', 'aria2 1'],
    ['python-requests/2.32.3', 'Python'],
    ['Go-http-client/2.0', 'Go'],
    ['node', 'Node.js'],
    [`${MOZILLA} (X11; Linux x86_64) SomethingNew/1.0`, 'Unknown browser on Linux'],
    ['I am a fish', 'Unknown browser'],
    ['', 'Unknown browser'],
  ])('%s', (userAgent, words) => {
    expect(readUserAgent(userAgent)).toBe(words);
  });

  test('a megabyte of nonsense is read in no time, and is unknown', () => {
    expect(readUserAgent('Version/1'.repeat(120_000))).toBe('Unknown browser');
  });
});

describe('commands', () => {
  const id = 'kZ3-_9xQ01';
  const savedAs = (name: string) =>
    savedName({ id, url: `https://files.example.org/d/t/${encodeURIComponent(name)}` });

  test('no address and no name can end the quotes of their command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (path, encoded) => {
        const last = encoded && path.isWellFormed() ? encodeURIComponent(path) : path;
        const claim = { id, url: `https://files.example.org/d/t/${last}` };
        const quoted = /"[^"`$\\!%\p{Cc}\p{Zl}\p{Zp}\u201c-\u201e]*"/u.source;
        const address = /"[^"'`$\\!\s]*"/.source;
        expect(curlCommand(claim)).toMatch(
          new RegExp(`^curl -f -C - -o ${quoted} ${address}$`, 'u'),
        );
        expect(wgetCommand(claim)).toMatch(new RegExp(`^wget -c -O ${quoted} ${address}$`, 'u'));
      }),
    );
  });

  test('the saved name is one plain file name that ends with part of the id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        fc.pre(name.isWellFormed());
        const saved = savedAs(name);
        expect(saved).toMatch(/^(?![-. ])[^/\\:*?<>|]*-kZ39xQ(\.tar)?(\.[A-Za-z0-9]{1,8})?$/);
        expect(Buffer.byteLength(saved)).toBeLessThanOrEqual(255);
      }),
    );
  });

  test.each([
    ['report.pdf', 'report-kZ39xQ.pdf'],
    ['a.tar.gz', 'a-kZ39xQ.tar.gz'],
    ['none', 'none-kZ39xQ'],
    ['.bashrc', '_bashrc-kZ39xQ'],
    ['-rf', '_rf-kZ39xQ'],
    ['für "alle" %PATH% $(x).txt', 'für _alle_ _PATH_ _(x)-kZ39xQ.txt'],
    ['دليل المستخدم.pdf', 'دليل المستخدم-kZ39xQ.pdf'],
    ['🏖 家族.jpg', '🏖 家族-kZ39xQ.jpg'],
    ['a\u02bab\u0338c.txt', 'a_b_c-kZ39xQ.txt'],
    [`${'ü'.repeat(125)}.zip`, `${'ü'.repeat(122)}-kZ39xQ.zip`],
  ])('%s is saved as %s', (name, saved) => {
    expect(savedAs(name)).toBe(saved);
  });

  test('an address that does not decode is no error', () => {
    expect(savedName({ id, url: 'https://files.example.org/d/t/100%.txt' })).toBe(
      '100_-kZ39xQ.txt',
    );
  });
});
