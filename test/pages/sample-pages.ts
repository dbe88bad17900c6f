// Every page with the worst that people and browsers can put into it. Shared by the tests of this
// folder: what holds for all pages is tested on all of them.
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
  type ClaimState,
  type FileRow,
} from '@claimcheck/app-server/pages';

export const assets = { style: '/assets/style.css?v=1', script: '/assets/app.js?v=1' };
export const admin = { email: 'ada@example.org', role: 'admin' } as const;
export const member = { email: 'bob@example.org', role: 'member' } as const;
const at = new Date('2026-11-22T12:34:56Z');

/** Closes whatever it may stand in, and opens a script. */
export const HOSTILE = `x"'></textarea></title></script><script>alert(1)</script><img src=y onerror=alert(2)>&lt;`;

export function fileRow(given: Partial<FileRow> = {}): FileRow {
  return {
    id: 'file-1',
    name: 'report.pdf',
    type: 'application/pdf',
    sizeBytes: 1_234_567,
    sha256: 'ab'.repeat(32),
    createdAt: at,
    ...given,
  };
}

export function claimRow(state: ClaimState, given: Partial<ClaimRow> = {}): ClaimRow {
  return {
    id: `claim-${state}`,
    fileName: 'report.pdf',
    sizeBytes: 12_000_000,
    createdAt: at,
    expiresAt: at,
    state,
    mode: 'resumable',
    bytesSent: 0,
    refusedCount: 0,
    ...given,
  };
}

/** Every page, each text in it replaced by `text` where a person or a browser chooses it. */
export function samplePages(text: string): Record<string, string> {
  const notice = { kind: 'done', text } as const;
  const states = [
    'waiting',
    'started',
    'interrupted',
    'finished',
    'broken-off',
    'expired',
    'revoked',
  ] as const;
  const session = { id: text, userAgent: text, address: text, createdAt: at, lastSeenAt: at };
  const account = { email: text, role: 'member', createdAt: at, self: false } as const;
  const viewer = { email: text, role: 'admin' } as const;
  return {
    signIn: renderSignIn({ assets, email: text, next: text, error: text }),
    signInLink: renderSignInLink({ assets, action: `/sign-in/link/${encodeURIComponent(text)}` }),
    welcome: renderWelcome({ assets, email: text, error: text }),
    files: renderFiles({
      assets,
      viewer,
      notice,
      maxFileBytes: 1e9,
      nextPage: `/files?before=${encodeURIComponent(text)}`,
      files: [fileRow({ id: text, name: text, type: text })],
    }),
    noFiles: renderFiles({ assets, viewer: member, maxFileBytes: 1e9, files: [] }),
    curl: renderCurl({
      assets,
      viewer,
      fileName: text,
      claimId: 'kZ3-_9xQ',
      url: `https://files.example.org/d/token/${encodeURIComponent(text)}`,
      expiresAt: at,
    }),
    claims: renderClaims({
      assets,
      viewer,
      notice,
      claims: states.map((state) =>
        claimRow(state, {
          id: `${state}${text}`,
          fileName: text,
          refusedCount: 2,
          lastRefusedAt: at,
        }),
      ),
    }),
    noClaims: renderClaims({ assets, viewer: member, claims: [] }),
    devices: renderDevices({
      assets,
      viewer,
      notice,
      sessions: [
        { ...session, current: true },
        { ...session, id: 'other', current: false },
      ],
    }),
    account: renderAccount({ assets, viewer, error: text, notice }),
    accounts: renderAccounts({
      assets,
      viewer,
      error: text,
      form: { email: text, role: text },
      accounts: [
        { ...account, id: text, disabled: false },
        { ...account, id: 'off', disabled: true },
        { ...account, id: 'new', email: null, disabled: false },
      ],
    }),
    problem: renderProblem({
      assets,
      viewer,
      code: text,
      status: 410,
      title: text,
      advice: text,
      requestId: text,
    }),
  };
}
