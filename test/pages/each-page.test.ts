// What each page promises: the addresses its forms post to, the names of their fields, and its words.
import { describe, expect, test } from '@jest/globals';
import {
  renderAccount,
  renderAccounts,
  renderClaims,
  renderCurl,
  renderDevices,
  renderFiles,
  renderProblem,
  renderSignIn,
  renderSignInLink,
  renderWelcome,
  type ClaimRow,
} from '@claimcheck/app-server/pages';
import { admin, assets, claimRow, fileRow, mailedLinks, member } from './sample-pages.js';

const at = new Date('2026-11-22T12:34:56Z');

/** Each form's address with the names of the fields that it sends. */
function formsOf(html: string): Record<string, string[]> {
  const forms = [...html.matchAll(/<form [^>]*action="([^"]+)"[^>]*>(.*?)<\/form>/gs)];
  return Object.fromEntries(
    forms.map(([, action = '', body = '']) => [
      action,
      [...body.matchAll(/<(?:input|select)[^>]*\sname="([^"]+)"/g)].map(([, name]) => name ?? ''),
    ]),
  );
}

/** What is read on the page: no tags, single spaces. */
function textOf(html: string): string {
  return html.replace(/<[^>]+>/g, '').replace(/[\s\u00a0]+/g, ' ');
}

const stateText = (claim: ClaimRow) =>
  textOf(
    /<div class="state-cell">.*?<\/div>/s.exec(
      renderClaims({ assets, viewer: member, claims: [claim] }),
    )?.[0] ?? '',
  );

describe('forms', () => {
  test('sign-in sends e-mail, password and where to go next', () => {
    expect(formsOf(renderSignIn({ assets, mailedLinks, next: '/claims' }))).toEqual({
      '/sign-in': ['next', 'email', 'password', 'remember'],
    });
    expect(formsOf(renderSignIn({ assets, mailedLinks }))).toEqual({
      '/sign-in': ['email', 'password', 'remember'],
    });
  });

  test('the sign-in link posts to itself and sends nothing', () => {
    expect(formsOf(renderSignInLink({ assets, action: '/sign-in/link/abc' }))).toEqual({
      '/sign-in/link/abc': [],
    });
  });

  test('the welcome sends the chosen e-mail and password', () => {
    expect(formsOf(renderWelcome({ assets }))).toEqual({ '/welcome': ['email', 'password'] });
  });

  test('a file can be downloaded, copied as curl and deleted, each by its own form', () => {
    const html = renderFiles({
      assets,
      viewer: member,
      maxFileBytes: 1,
      files: [fileRow({ id: 'a/b' })],
    });
    expect(formsOf(html)).toEqual({
      '/sign-out': [],
      '/files': ['file'],
      '/files/a%2Fb/download': [],
      '/files/a%2Fb/curl': [],
      '/files/a%2Fb/delete': [],
    });
    expect(html).toMatch(/action="\/files" enctype="multipart\/form-data"/);
    expect(html).toMatch(
      /<details class="confirm"[^>]*>.*action="\/files\/a%2Fb\/delete".*<\/details>/s,
    );
  });

  test.each([
    ['strict', ['waiting']],
    ['resumable', ['waiting', 'started', 'interrupted']],
  ] as const)('a %s claim can be revoked while bytes can be had for it', (mode, revocable) => {
    const states = [
      'waiting',
      'started',
      ...(mode === 'resumable' ? (['interrupted'] as const) : []),
      'finished',
      'broken-off',
      'expired',
      'revoked',
    ] as const;
    const claims = states.map((state) => claimRow(state, { mode }));
    const forms = Object.keys(formsOf(renderClaims({ assets, viewer: member, claims })));
    expect(forms).toEqual([
      '/sign-out',
      ...states
        .filter((state) => (revocable as readonly string[]).includes(state))
        .map((state) => `/claims/claim-${state}/revoke`),
    ]);
  });

  test('every device but this one can be ended, and all others at once', () => {
    const seen = { createdAt: at, lastSeenAt: at, method: 'password', remembered: false };
    const session = { browser: '', address: '::1', place: null, ...seen };
    const page = { assets, viewer: member, remembered: [] };
    const sessions = [
      { ...session, id: 'here', current: true },
      { ...session, id: 'there', current: false },
    ];
    expect(Object.keys(formsOf(renderDevices({ ...page, sessions })))).toEqual([
      '/sign-out',
      '/devices/there/end',
      '/devices/end-others',
    ]);
    expect(formsOf(renderDevices({ ...page, sessions: sessions.slice(0, 1) }))).toEqual({
      '/sign-out': [],
    });
  });

  test('the account page sends the current and the new password', () => {
    expect(
      formsOf(renderAccount({ assets, viewer: member, fetchedNotices: true, mailedSignIn: true })),
    ).toEqual({
      '/sign-out': [],
      '/account/password': ['currentPassword', 'newPassword'],
      '/account/notices': ['fetched'],
    });
  });

  test('an administrator adds, disables and enables accounts, but not their own', () => {
    const account = { email: 'x@example.org', role: 'member', createdAt: at } as const;
    const html = renderAccounts({
      assets,
      viewer: admin,
      accounts: [
        { ...account, id: 'me', disabled: false, self: true },
        { ...account, id: 'on', disabled: false, self: false },
        { ...account, id: 'off', disabled: true, self: false },
      ],
      form: { email: 'typed@example.org', role: 'admin' },
    });
    expect(formsOf(html)).toEqual({
      '/sign-out': [],
      '/accounts/on/end-sessions': [],
      '/accounts/on/disable': [],
      '/accounts/off/enable': [],
      '/accounts': ['email', 'password', 'role'],
      '/accounts/invite': ['email', 'role'],
    });
    expect(html).toContain('value="typed@example.org"');
    expect(html).toMatch(
      /<option[^>]*value="admin"[^>]*selected|<option[^>]*selected[^>]*value="admin"/,
    );
  });
});

describe('a claim says what became of it', () => {
  test.each([
    [claimRow('waiting', { expiresAt: at }), 'not used yetuntil 12:34 UTC'],
    [claimRow('started', { startedAt: at }), 'download runningsince 12:34 UTC'],
    [claimRow('started', { bytesSent: 3e6 }), 'download running, 3 of 12 MB'],
    [claimRow('finished', { bytesSent: 12_300_000 }), 'downloaded, 12.3 MB'],
    [claimRow('broken-off', { bytesSent: 3e6 }), 'broke off after 3 of 12 MB'],
    [claimRow('expired'), 'expired unused'],
    [claimRow('revoked'), 'revoked'],
    [claimRow('finished', { refusedCount: 3 }), 'someone tried again 3×'],
  ])('%#: %o', (claim, words) => {
    expect(stateText(claim)).toContain(words);
  });

  test('nothing of further attempts when there were none', () => {
    expect(stateText(claimRow('finished'))).not.toContain('tried again');
  });

  test('equal rows give equal text, which the live view takes for no change', () => {
    const props = { assets, viewer: member, claims: [claimRow('waiting')] };
    expect(renderClaims(props)).toBe(renderClaims(structuredClone(props)));
  });
});

const pageOf = (name: string) =>
  renderFiles({ assets, viewer: member, maxFileBytes: 1, files: [fileRow({ name })] });

describe('names', () => {
  test('are isolated, so that a right-to-left name leaves the text around it alone', () => {
    expect(pageOf('דוח שנתי.docx')).toContain('<bdi class="file-name">דוח שנתי.docx</bdi>');
  });

  test('show the marks that would make an .exe read as a .pdf, and control characters', () => {
    const html = pageOf('invoice\u202efdp.exe\u0000\n');
    expect(html).toContain('invoice\ufffdfdp.exe\ufffd\ufffd');
    expect(html).not.toContain('\u0000');
    expect(html).not.toContain('\u202e');
  });

  test('keep joiners, which Persian and emoji need', () => {
    expect(pageOf('می\u200cخواهم👩\u200d🚀')).toContain('می\u200cخواهم👩\u200d🚀');
  });
});

describe('navigation', () => {
  test('marks the current page and shows Accounts to administrators alone', () => {
    const props = { assets, maxFileBytes: 1, files: [] };
    const forMember = renderFiles({ ...props, viewer: member });
    expect(forMember.match(/<a [^>]*aria-current="page"[^>]*>/g)).toEqual([
      expect.stringContaining('href="/files"'),
    ]);
    expect(forMember).not.toContain('href="/accounts"');
    expect(renderFiles({ ...props, viewer: admin })).toContain('href="/accounts"');
  });

  test('is absent, like the sign-out button, where nobody is signed in', () => {
    expect(renderSignIn({ assets, mailedLinks })).not.toMatch(/<nav|sign-out/);
  });
});

describe('the sign-in page', () => {
  test('offers the links that are mailed, and no others', () => {
    const offered = (signIn: boolean, reset: boolean) =>
      [
        ...renderSignIn({
          assets,
          mailedLinks: { 'sign-in': signIn, 'reset-password': reset },
        }).matchAll(/href="(\/sign-in\/[a-z]+)"/g),
      ].map(([, href]) => href);
    expect(offered(true, true)).toEqual(['/sign-in/forgot', '/sign-in/email']);
    expect(offered(false, true)).toEqual(['/sign-in/forgot']);
    expect(offered(true, false)).toEqual(['/sign-in/email']);
    expect(offered(false, false)).toEqual([]);
  });
});

describe('the rest', () => {
  test('an error is said first in the title, and in an alert', () => {
    const html = renderSignIn({ assets, mailedLinks, error: 'E-mail or password is wrong' });
    expect(html).toContain('<title>Error: Sign in');
    expect(html).toMatch(/role="alert">.*E-mail or password is wrong/s);
  });

  test('empty lists say what to do next', () => {
    expect(renderFiles({ assets, viewer: member, maxFileBytes: 1, files: [] })).toContain(
      'No files yet',
    );
    expect(renderClaims({ assets, viewer: member, claims: [] })).toMatch(
      /No claims yet.*href="\/files"/s,
    );
  });

  test('a problem names its status, code and request, and leads on', () => {
    const problem = {
      assets,
      code: 'not-signed-in',
      status: 401,
      title: 'T',
      advice: 'A',
      requestId: 'r-1',
    };
    expect(renderProblem(problem)).toMatch(/A.*href="\/sign-in".*401 · not-signed-in.*r-1/s);
    expect(renderProblem({ ...problem, viewer: member })).toContain('Go to your files');
  });

  test('the curl page gives both commands with the address once encoded for every shell', () => {
    const url = "https://files.example.org/d/v4.public.abc.def/it's%20$(x)`!.pdf";
    const html = renderCurl({
      assets,
      viewer: member,
      fileName: 'f',
      claimId: 'kZ3-_9xQ01',
      url,
      expiresAt: at,
    });
    const safe = 'https://files.example.org/d/v4.public.abc.def/it%27s%20%24%28x%29%60%21.pdf';
    const name = "&quot;it's _(x)__-kZ39xQ.pdf&quot;";
    expect(html).toContain(`curl -f -C - -o ${name} &quot;${safe}&quot;`);
    expect(html).toContain(`wget -c -O ${name} &quot;${safe}&quot;`);
  });
});
