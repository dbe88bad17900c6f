// The pure rules of links: which copy a press is for, when a form is a press, how long a wrong code
// waits, what an address and a mail look like.
import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import {
  BUTTON,
  checkPress,
  chooseCopy,
  hashOfHandle,
  newHandle,
  composeLinkMail,
  stampView,
  toCsv,
  waitAfter,
  type CopyStanding,
  type PressSource,
} from '@claimcheck/app-server/links';

const standing = fc.record({
  standing: fc.constantFrom('ready', 'under-way', 'spent', 'free'),
  browser: fc.option(fc.constantFrom('a', 'b', 'c')),
  beganAtMs: fc.nat(1000),
});
const copiesOf = (all: Omit<CopyStanding, 'number'>[]): CopyStanding[] =>
  all.map((each, i) => ({ ...each, number: i + 1 }));

describe('the copy that a press is for', () => {
  const chooser = fc.record({
    browser: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    copies: fc.integer({ min: 0, max: 6 }),
  });

  test('is never one more than allowed, and never one that is over', () => {
    fc.assert(
      fc.property(fc.array(standing, { maxLength: 6 }), chooser, (all, who) => {
        const copies = copiesOf(all);
        const choice = chooseCopy(copies, who);
        if (choice.kind === 'spent') return;
        const known = copies.find(({ number }) => number === choice.number);
        if (choice.kind === 'continue') {
          expect(['ready', 'under-way']).toContain(known?.standing);
        } else {
          expect(known?.standing ?? 'new').toMatch(/^(?:free|new)$/);
          expect(choice.number).toBeLessThanOrEqual(Math.max(who.copies, copies.length));
          if (known === undefined) expect(choice.number).toBeLessThanOrEqual(who.copies);
        }
      }),
    );
  });

  test('is refused only when there is none to begin and none to go on with', () => {
    fc.assert(
      fc.property(fc.array(standing, { maxLength: 6 }), chooser, (all, who) => {
        const copies = copiesOf(all);
        const open = copies.some(({ standing: at }) => at === 'ready' || at === 'under-way');
        const free = copies.some(({ standing: at }) => at === 'free') && who.copies > 0;
        const spent = chooseCopy(copies, who).kind === 'spent';
        expect(spent).toBe(!open && !free && copies.length >= who.copies);
      }),
    );
  });

  const under = (browser: string | null, beganAtMs: number) =>
    ({ standing: 'under-way', browser, beganAtMs }) as const;
  test.each<[string, Omit<CopyStanding, 'number'>[], string | undefined, number, unknown]>([
    ['one’s own', [under('a', 1), under('b', 2)], 'a', 3, { kind: 'continue', number: 1 }],
    ['a new one for another', [under('a', 1)], 'b', 2, { kind: 'begin', number: 2 }],
    [
      'the newest without cookie',
      [under('a', 1), under('b', 2)],
      undefined,
      3,
      { kind: 'continue', number: 2 },
    ],
    ['the unfinished when none is left', [under('a', 1)], 'b', 1, { kind: 'continue', number: 1 }],
    ['none when expired', [], 'a', 0, { kind: 'spent' }],
  ])('is %s', (_, all, browser, copies, choice) => {
    expect(chooseCopy(copiesOf(all), { browser, copies })).toEqual(choice);
  });
});

describe('a form', () => {
  const digest = (purpose: string, ...parts: string[]) =>
    Buffer.from(`${purpose} ${parts.join(' ')}`.padEnd(40, '0'))
      .toString('hex')
      .slice(-64);
  const at = 1_700_000_000_000;
  const program: PressSource = {
    view: stampView(digest, 'link', at),
    press: BUTTON.value,
    fetchMode: '',
    fetchUser: '',
    clientHints: '',
    purpose: '',
  };
  const person = { ...program, fetchMode: 'navigate', fetchUser: '?1', clientHints: '"Chromium"' };
  const safari = { ...program, fetchMode: 'navigate' };
  test.each<[string, PressSource, number, string | undefined]>([
    ['a person’s click in Chromium, at once', person, 0, undefined],
    ['a person’s click in Safari after a second', safari, 1000, undefined],
    ['a click in Safari before', safari, 999, 'too-early'],
    ['a program after a second', program, 1000, undefined],
    ['a script in Chromium', { ...person, fetchUser: '' }, 9000, 'no-user'],
    ['a prefetch', { ...person, purpose: 'prefetch' }, 9000, 'prefetch'],
    ['no button', { ...person, press: undefined }, 9000, 'no-button'],
    ['no view', { ...person, view: undefined }, 9000, 'no-view'],
    ['another’s view', { ...person, view: stampView(digest, 'other', at) }, 9000, 'no-view'],
    ['a changed view', { ...person, view: `1${program.view}` }, 9000, 'no-view'],
    ['a page a day old', person, 86_400_001, 'too-late'],
  ])('from %s', (_, source, afterMs, heldBack) => {
    expect(checkPress(source, { digest, linkId: 'link', nowMs: at + afterMs })).toBe(heldBack);
  });
});

describe('a handle', () => {
  test('is 32 letters and digits, another one each time', () => {
    const handles = new Set(Array.from({ length: 1000 }, newHandle));
    expect(handles.size).toBe(1000);
    for (const handle of handles) expect(handle).toMatch(/^[a-z2-7]{32}$/);
  });

  test('is found in whatever a mail client puts around and into it', () => {
    fc.assert(
      fc.property(
        fc.nat(31),
        fc.stringMatching(/^[=.,;:!?)>"'\r\n \t\-_0189]{0,5}$/),
        (place, junk) => {
          const handle = newHandle();
          const damaged = handle.slice(0, place) + junk + handle.slice(place).toUpperCase() + junk;
          expect(hashOfHandle(damaged)).toBe(hashOfHandle(handle));
        },
      ),
    );
  });
});

test('wrong codes wait 15 minutes, doubling, a day at most, and only after five', () => {
  const minutes = [0, 1, 4, 5, 6, 10, 15, 20, 40, 500].map((tries) => waitAfter(tries) / 60_000);
  expect(minutes).toEqual([0, 0, 0, 15, 0, 30, 60, 120, 1440, 1440]);
});

test('a cell that begins like a formula is text', () => {
  expect(toCsv(['a'], [['=1+1'], ['+1'], ['-1'], ['@a'], ['a,"b"'], [5], [null]])).toBe(
    `\ufeffa\r\n'=1+1\r\n'+1\r\n'-1\r\n'@a\r\n"a,""b"""\r\n5\r\n\r\n`,
  );
});

describe('the mail of a link', () => {
  const props = {
    url: 'https://app.example.org/l/abc',
    appOrigin: 'https://app.example.org',
    sender: 'ada@example.org',
    fileName: 'report.pdf',
    sizeBytes: 1_200_000,
    copies: 1,
    expiresAt: new Date('2026-11-29T12:00:00Z'),
    message: null,
    needsCode: false,
  };

  test('has the address on a line of its own, says how long and how often, and loads nothing', () => {
    const { subject, text, html } = composeLinkMail({ ...props, needsCode: true });
    expect(subject).toBe('ada@example.org sent you “report.pdf”');
    expect(text.split('\n')).toContain(props.url);
    expect(text).toContain('until 29 Nov 2026, 12:00\u00a0UTC, for one download');
    expect(text).toContain('six-digit code');
    expect(html).not.toMatch(/<img|<link|<script|src=|url\(/);
    expect(html.match(/https?:[^"<, ]*/g)?.filter((each) => each !== props.appOrigin)).toEqual([
      props.url,
      props.url,
    ]);
  });

  test('keeps its subject one line, and is not turned around by a name', () => {
    const fileName = `a\u202efdp.exe ${'家'.repeat(90)}`;
    const { subject, text, html } = composeLinkMail({
      ...props,
      fileName,
      message: '<b>\n\nhttps://evil.example\n-- \nSent by the bank',
    });
    expect(subject).not.toMatch(/[\r\n\u202e]/);
    expect(subject.length).toBeLessThan(130);
    expect(html).toContain('&lt;b&gt;');
    // Somebody's words are never a link of ours, nor do they end the mail.
    expect(html).not.toContain('href="https://evil.example');
    expect(text).toContain('> <b>\n> \n> https://evil.example\n> -- \n> Sent by the bank\n');
  });
});
