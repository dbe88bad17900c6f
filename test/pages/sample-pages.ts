// Every page with the worst that people and browsers can put into it. Shared by the tests of this
// folder: what holds for all pages is tested on all of them.
import {
  renderAccount,
  renderAccounts,
  renderChoosePassword,
  renderClaims,
  renderConfirmIdentity,
  renderCurl,
  renderDevices,
  renderFiles,
  renderHandOff,
  renderIdentities,
  renderLanding,
  renderLeaving,
  renderLink,
  renderLinks,
  renderMadeLinks,
  renderMakeRoom,
  renderNewLinks,
  renderLinkRequest,
  renderMailedSignIn,
  renderOptedOut,
  renderOptOut,
  renderOutbox,
  renderProblem,
  renderSignIn,
  renderSignInLink,
  renderWebhook,
  renderApiKeys,
  renderWebhooks,
  renderWelcome,
  type ClaimRow,
  type ClaimState,
  type FileRow,
  type LinkRow,
  type LinkState,
  type TimelineKind,
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

export function linkRow(state: LinkState, given: Partial<LinkRow> = {}): LinkRow {
  return {
    id: `link-${state}`,
    fileId: 'file-1',
    fileName: 'report.pdf',
    sizeBytes: 12_000_000,
    recipient: 'bo@example.net',
    message: null,
    copies: 1,
    copiesUsed: 0,
    copiesFinished: 0,
    bytesSent: 0,
    needsCode: false,
    notify: true,
    state,
    createdAt: at,
    expiresAt: at,
    ...given,
  };
}

export const LINK_STATES = [
  'waiting',
  'seen',
  'under-way',
  'interrupted',
  'partly',
  'finished',
  'broken-off',
  'expired',
  'revoked',
  'file-gone',
] as const satisfies readonly LinkState[];

const TIMELINE_KINDS = [
  'created',
  'mail-waiting',
  'mail-sent',
  'mail-filed',
  'mail-failed',
  'notice-waiting',
  'notice-sent',
  'notice-filed',
  'notice-failed',
  'page-seen',
  'held-back',
  'code-wrong',
  'started',
  'resumed',
  'finished',
  'broken-off',
  'refused',
  'extended',
  'sent-again',
  'expired',
  'revoked',
] as const satisfies readonly TimelineKind[];

function landing(text: string, given: Partial<Parameters<typeof renderLanding>[0]> = {}): string {
  return renderLanding({
    assets,
    action: `/l/${encodeURIComponent(text)}`,
    url: `https://app.example.org/l/${encodeURIComponent(text)}`,
    button: { name: 'press', value: 'download' },
    view: 'abc.def',
    fileName: text,
    sizeBytes: 12_000_000,
    sender: text,
    message: text,
    expiresAt: at,
    state: 'open',
    copies: 1,
    copiesLeft: 1,
    sentBytes: 0,
    needsCode: true,
    refusal: text,
    ...given,
  });
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
  const session = {
    id: text,
    browser: text,
    address: text,
    place: text,
    createdAt: at,
    lastSeenAt: at,
    method: text,
    remembered: true,
  };
  const remembered = {
    id: text,
    browser: text,
    address: text,
    place: text,
    lastUsedAt: at,
    expiresAt: at,
  };
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
    links: renderLinks({
      assets,
      viewer,
      notice,
      nextPage: `/links?after=${encodeURIComponent(text)}`,
      links: LINK_STATES.map((state) =>
        linkRow(state, { id: `${state}${text}`, fileName: text, recipient: text }),
      ),
    }),
    noLinks: renderLinks({ assets, viewer: member, links: [] }),
    link: renderLink({
      assets,
      viewer,
      error: text,
      link: linkRow('seen', {
        id: text,
        fileId: text,
        fileName: text,
        recipient: text,
        message: text,
      }),
      timeline: TIMELINE_KINDS.map((kind) => ({ at, kind, detail: text, reason: text, bytes: 5 })),
      noticesWanted: false,
    }),
    newLinks: renderNewLinks({
      assets,
      viewer,
      files: [{ id: 'file-1', name: text, sizeBytes: 5 }],
      chosen: ['file-1'],
      maxMessage: 2000,
      noticesWanted: false,
      error: text,
      form: { to: text, message: text },
    }),
    noFileToSend: renderNewLinks({
      assets,
      viewer,
      files: [],
      chosen: [],
      maxMessage: 2000,
      noticesWanted: true,
    }),
    madeLinks: renderMadeLinks({
      assets,
      viewer,
      links: [
        { id: 'made', url: text, fileName: text, recipient: text, code: text, expiresAt: at },
        { id: 'plain', url: text, fileName: text, recipient: null, expiresAt: at },
      ],
    }),
    landing: landing(text),
    landingRunning: landing(text, { state: 'running', sentBytes: 5, needsCode: false }),
    landingInterrupted: landing(text, { state: 'interrupted', message: null, sender: null }),
    landingPressed: landing(text, { state: 'pressed' }),
    landingOfMore: landing(text, { copies: 3, copiesLeft: 2, lastFinishedAt: at }),
    identities: renderIdentities({
      assets,
      viewer,
      notice,
      identities: [
        {
          id: 'identity',
          name: text,
          issuer: 'https://login.example.org',
          email: text,
          createdAt: at,
          lastUsedAt: at,
        },
        {
          id: 'other',
          name: 'main-site',
          issuer: 'https://a.example.org',
          email: null,
          createdAt: at,
          lastUsedAt: null,
        },
      ],
      offers: [{ name: text, action: 'provider' }],
      hasPassword: true,
    }),
    onlyIdentity: renderIdentities({
      assets,
      viewer,
      identities: [
        {
          id: 'identity',
          name: text,
          issuer: 'https://login.example.org',
          email: text,
          createdAt: at,
          lastUsedAt: null,
        },
      ],
      offers: [],
      hasPassword: false,
    }),
    noIdentities: renderIdentities({
      assets,
      viewer,
      identities: [],
      offers: [],
      hasPassword: true,
    }),
    leaving: renderLeaving({ assets, viewer, name: text, href: 'https://login.example.org/' }),
    handOff: renderHandOff({
      assets,
      viewer: { ...viewer, email: text },
      to: 'https://b.example.org',
      state: text,
      fence: text,
    }),
    devices: renderDevices({
      assets,
      viewer,
      notice,
      sessions: [
        { ...session, current: true },
        { ...session, id: 'other', current: false },
      ],
      remembered: [
        { ...remembered, current: true },
        { ...remembered, id: 'elsewhere', current: false },
      ],
    }),
    devicesAfterTheft: renderDevices({
      assets,
      viewer: { ...viewer, theft_at: at },
      sessions: [{ ...session, current: true }],
      remembered: [],
    }),
    makeRoom: renderMakeRoom({
      assets,
      sessions: [
        { ...session, current: false },
        { ...session, id: 'other', current: false },
      ],
    }),
    confirmIdentity: renderConfirmIdentity({
      assets,
      viewer,
      next: text,
      takesPassword: true,
      ways: [{ href: '/sign-in/email', label: text }],
      error: text,
    }),
    account: renderAccount({ assets, viewer, error: text, notice, fetchedNotices: false }),
    forgot: renderLinkRequest({
      assets,
      purpose: 'reset-password',
      mailReachesPeople: false,
      email: text,
      error: text,
    }),
    emailLink: renderLinkRequest({ assets, purpose: 'sign-in', mailReachesPeople: true }),
    mailedSignIn: renderMailedSignIn({
      assets,
      action: `/i/${encodeURIComponent(text)}`,
      email: text,
    }),
    choosePassword: renderChoosePassword({
      assets,
      action: `/i/${encodeURIComponent(text)}`,
      email: text,
      purpose: 'accept-invitation',
      error: text,
    }),
    optOut: renderOptOut({ assets, action: `/n/${encodeURIComponent(text)}` }),
    optedOut: renderOptedOut({ assets }),
    outbox: renderOutbox({
      assets,
      viewer,
      notice,
      mailReachesPeople: false,
      mails: (['queued', 'sent', 'failed'] as const).map((state) => ({
        id: `${state}${text}`,
        recipient: text,
        subject: text,
        state,
        attempts: 2,
        lastError: text,
        createdAt: at,
        nextAttemptAt: at,
      })),
    }),
    noMails: renderOutbox({ assets, viewer, mailReachesPeople: true, mails: [] }),
    webhooks: renderWebhooks({
      assets,
      viewer,
      webhooks: [{ id: text, url: text, stopped: true, createdAt: at }],
      made: { url: text, secret: text },
      error: text,
      url: text,
    }),
    apiKeys: renderApiKeys({
      assets,
      viewer,
      scopes: [{ scope: text, words: text }],
      keys: [
        {
          id: text,
          name: text,
          scopes: [text],
          expired: true,
          createdAt: at,
          expiresAt: at,
          lastUsedAt: at,
          lastUsedAddress: text,
        },
        { id: 'unused', name: text, scopes: [text], expired: false, createdAt: at },
      ],
      mayMake: true,
      made: { name: text, key: text },
      form: { error: text, name: text },
    }),
    noApiKeys: renderApiKeys({ assets, viewer, keys: [], scopes: [], mayMake: false, notice }),
    noWebhooks: renderWebhooks({ assets, viewer, webhooks: [] }),
    webhook: renderWebhook({
      assets,
      viewer,
      notice,
      webhook: { id: text, url: text, stopped: true, oldSecretSignsUntil: at, createdAt: at },
      deliveries: (['queued', 'delivered', 'failed'] as const).map((state) => ({
        id: `${state}${text}`,
        event: text,
        state,
        attempts: 1,
        lastError: text,
        createdAt: at,
      })),
    }),
    accounts: renderAccounts({
      assets,
      viewer,
      error: text,
      form: { email: text, role: text },
      accounts: [
        { ...account, id: text, disabled: false },
        { ...account, id: 'off', disabled: true },
        { ...account, id: 'new', email: null, disabled: false },
        { ...account, id: `invited${text}`, disabled: false, invited: true, invitationEndsAt: at },
        { ...account, id: 'late', disabled: false, invited: true },
      ],
      invitation: { email: text, url: text, expiresAt: at },
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
