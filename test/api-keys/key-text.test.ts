// The form of an API key: told apart from other texts, and from itself with a slip in it, without asking anybody.
import { describe, expect, test } from '@jest/globals';
import { hashOfKey, isKeyText, newKeyText } from '@claimcheck/app-server';
import { cutTokens } from '@claimcheck/shared/log';
import fc from 'fast-check';

describe('the text of an API key', () => {
  test('has its prefix and 49 letters and digits, and is drawn anew each time', () => {
    const keys = Array.from({ length: 1000 }, newKeyText);
    for (const key of keys) expect(key).toMatch(/^cck_[0-9A-Za-z]{49}$/);
    expect(keys.every(isKeyText)).toBe(true);
    expect(new Set(keys).size).toBe(1000);
  });

  test('uses every one of its 256 bits: no character is ever the same', () => {
    const keys = Array.from({ length: 400 }, newKeyText);
    // The first of 43 digits in base 62 holds the rest of a division: a few values only, but several.
    for (let at = 4; at < 53; at += 1) {
      expect(new Set(keys.map((key) => key[at])).size).toBeGreaterThan(
        at === 4 || at === 47 ? 2 : 40,
      );
    }
  });

  test('is known for a slip when any one character is another, two are swapped, or some are missing', () => {
    const place = fc.integer({ min: 4, max: 52 });
    fc.assert(
      fc.property(
        place,
        place,
        fc.constantFrom('0', 'a', 'Z', '9', 'k'),
        (at, other, character) => {
          const key = newKeyText();
          const letters = key.split('');
          const slips = [
            key.slice(0, at) + character + key.slice(at + 1),
            letters
              .with(at, letters[other] ?? '')
              .with(other, letters[at] ?? '')
              .join(''),
            key.slice(0, at),
            `${key}${character}`,
            ` ${key}`,
          ];
          for (const slip of slips) expect(isKeyText(slip)).toBe(slip === key);
        },
      ),
    );
  });

  test('is stored as its SHA-256, the same on every server', () => {
    expect(hashOfKey('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  test('is cut out of every log line', () => {
    const key = newKeyText();
    expect(cutTokens(`{"authorization":"Bearer ${key}"} ${key}`)).toBe(
      '{"authorization":"Bearer [key]"} [key]',
    );
  });
});
