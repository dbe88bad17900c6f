// The base64 methods that Node before 25 lacks, by the cases of the standard (ECMAScript, "Uint8Array to and
// from base64"). They run on a class of their own, so that an engine that has the methods does not answer.
import { describe, expect, it, test } from '@jest/globals';
import { installBase64 } from '@claimcheck/download-server/install-base64';
import * as fc from 'fast-check';

interface Base64Options {
  alphabet?: string;
  lastChunkHandling?: string;
  omitPadding?: boolean;
}

type WithBase64 = typeof Uint8Array & {
  fromBase64(text: unknown, options?: Base64Options): Uint8Array;
  prototype: { toBase64(options?: Base64Options): string };
};

class Bytes extends Uint8Array {}
// Without what it would inherit where the engine has the methods.
Object.setPrototypeOf(Bytes, Object.create(null));
Object.setPrototypeOf(Bytes.prototype, Object.create(null));
installBase64(Bytes);
const WITH_BASE64 = Bytes as unknown as WithBase64;
const read = (text: unknown, options?: Base64Options) => [...WITH_BASE64.fromBase64(text, options)];
const write = (bytes: Uint8Array, options?: Base64Options) =>
  WITH_BASE64.prototype.toBase64.call(bytes, options);

const loose = {};
const strict = { lastChunkHandling: 'strict' };
const stop = { lastChunkHandling: 'stop-before-partial' };
const url = { alphabet: 'base64url' };

describe('reading base64', () => {
  test.each([
    ['', loose, []],
    ['AQID', loose, [1, 2, 3]],
    ['AQI', loose, [1, 2]],
    ['AQI=', loose, [1, 2]],
    ['AQ', loose, [1]],
    ['AQ==', loose, [1]],
    ['AR==', loose, [1]],
    [' A Q\tI\nD\r\f', loose, [1, 2, 3]],
    ['AQ = =', loose, [1]],
    ['+/+/', loose, [251, 255, 191]],
    ['-_-_', url, [251, 255, 191]],
    ['-_-', url, [251, 255]],
    ['AQI=', strict, [1, 2]],
    ['AQIDAQ', stop, [1, 2, 3]],
    ['AQIDAQ=', stop, [1, 2, 3]],
    ['AQIDAQ==', stop, [1, 2, 3, 1]],
    ['AQIDA', stop, [1, 2, 3]],
    ['AQID', stop, [1, 2, 3]],
  ])('%j with %j gives %j', (text, options, bytes) => {
    expect(read(text, options)).toEqual(bytes);
  });

  test.each([
    ['A', loose],
    ['AQIDA', loose],
    ['AQ=', loose],
    ['A===', loose],
    ['====', loose],
    ['AQ===', loose],
    ['AQ==AQID', loose],
    ['AQ=A', stop],
    ['-_-_', loose],
    ['+/+/', url],
    ['AQI.', loose],
    ['AQI\u00a0', loose],
    ['AQI\u{1f600}', url],
    ['AQI', strict],
    ['AQJ=', strict],
    ['AR==', strict],
  ])('%j with %j is a SyntaxError', (text, options) => {
    expect(() => read(text, options)).toThrow(SyntaxError);
  });

  test.each([
    [new String('AQID'), loose],
    [undefined, loose],
    ['AQID', { alphabet: 'base32' }],
    ['AQID', { lastChunkHandling: 'lax' }],
  ])('%j with %j is a TypeError', (text, options) => {
    expect(() => read(text, options)).toThrow(TypeError);
  });

  it('gives bytes of their own, whose buffer holds nothing else', () => {
    const bytes = WITH_BASE64.fromBase64('AQID');
    expect([bytes.constructor, bytes.buffer.byteLength]).toEqual([Uint8Array, 3]);
  });
});

describe('writing base64', () => {
  test.each([
    [[1], loose, 'AQ=='],
    [[1, 2], loose, 'AQI='],
    [[1, 2, 3], loose, 'AQID'],
    [[251, 255, 191], loose, '+/+/'],
    [[251, 255], url, '-_8='],
    [[251], { ...url, omitPadding: true }, '-w'],
    [[251], { omitPadding: true }, '+w'],
    [[], loose, ''],
  ])('%j with %j gives %j', (bytes, options, text) => {
    expect(write(new Uint8Array(bytes), options)).toBe(text);
  });

  it('takes the part of a buffer that the array shows', () => {
    expect(write(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4))).toBe('AQID');
  });

  it('refuses what is no Uint8Array, and alphabets that it does not know', () => {
    expect(() => write([1] as never)).toThrow(TypeError);
    expect(() => write(new Uint8Array(1), { alphabet: 'base32' })).toThrow(TypeError);
  });

  it('is read back as it was, with each alphabet, with and without padding', () => {
    const anyOptions = fc.record({
      alphabet: fc.constantFrom('base64', 'base64url'),
      omitPadding: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), anyOptions, (bytes, options) => {
        expect(read(write(bytes, options), options)).toEqual([...bytes]);
      }),
    );
  });
});

it('leaves the methods of an engine that has them', () => {
  class Modern extends Uint8Array {
    static fromBase64 = () => 'its own';
    toBase64 = undefined;
  }
  Object.assign(Modern.prototype, { toBase64: 'its own' });
  installBase64(Modern);
  expect(Modern.fromBase64()).toBe('its own');
  expect(Reflect.get(Modern.prototype, 'toBase64')).toBe('its own');
});
