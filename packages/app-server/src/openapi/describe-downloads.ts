// The download server's addresses. It is another server, which nothing here may import; that its codes are the
// right ones is seen to by a test, which may look at both.
import { pathParameters, problemResponse } from './build-document.js';

/** Every refusal of a download, with its status and what it says. */
const REFUSALS: readonly [status: number, code: string, title: string][] = [
  [403, 'invalid-claim', 'The link is not valid'],
  [404, 'file-missing', 'The file is not there any more'],
  [404, 'not-found', 'There is nothing at this address'],
  [405, 'method-not-allowed', 'Only GET, HEAD and OPTIONS'],
  [409, 'file-changed', 'The file was changed since'],
  [410, 'already-used', 'The link was used'],
  [410, 'expired', 'The link has expired'],
  [410, 'revoked', 'The link was withdrawn'],
  [410, 'superseded', 'The ledger was restarted since'],
  [412, 'precondition-failed', 'A precondition of the request does not hold'],
  [414, 'uri-too-long', 'The address is too long'],
  [416, 'range-not-satisfiable', 'No byte of the range is in the file'],
  [500, 'internal-error', 'Something went wrong'],
  [503, 'busy', 'Too many downloads just now'],
  [503, 'ledger-unavailable', 'The ledger does not answer'],
  [503, 'not-in-advance', 'A prefetch'],
];

const STATUSES = [...new Set(REFUSALS.map(([status]) => status))];

const HEADERS = {
  'Content-Disposition': 'attachment, with the name of the file.',
  ETag: 'Strong: of the content.',
  'Repr-Digest':
    'RFC 9530: the SHA-256 of the whole file, also with a part of it. Not there when the claim has only an entity tag.',
  'Last-Modified': 'Of the file.',
  'Accept-Ranges': '`bytes` for a resumable claim, `none` for a strict one.',
};

const ABOUT = {
  token: 'The claim.',
  filename: 'For people and for `curl -O`; nothing is found by it.',
};

export interface DownloadAddresses {
  tag: string;
  about: string;
  paths: Record<string, unknown>;
  responses: Record<string, unknown>;
}

export function describeDownloads(downloadOrigin: string): DownloadAddresses {
  const servers = [{ url: downloadOrigin, description: 'The download server' }];
  const item = (path: string, id: string) => ({
    servers,
    get: operation(path, id),
    head: operation(path, `${id}Head`),
  });
  return {
    tag: 'Downloads',
    about: 'Another server: it verifies a claim, burns it, and sends the file.',
    paths: {
      '/d/{token}/{filename}': item('/d/{token}/{filename}', 'download'),
      '/d/{token}': item('/d/{token}', 'downloadByToken'),
      '/d': item('/d', 'downloadByHeader'),
    },
    responses: refusalResponses(),
  };
}

function operation(path: string, operationId: string) {
  const head = operationId.endsWith('Head');
  const names = pathParameters(path) as (keyof typeof ABOUT)[];
  const parameters = [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      description: ABOUT[name],
      schema: { type: 'string' },
    })),
    ...['Range', 'If-Range', 'If-None-Match', 'If-Match'].map((name) => ({
      name,
      in: 'header',
      required: false,
      schema: { type: 'string' },
    })),
  ];
  return {
    operationId,
    tags: ['Downloads'],
    summary: head ? 'Look, which uses nothing up' : 'Fetch the file, once',
    // A claim in the header stands for the one in the path.
    security: names.includes('token') ? [] : [{ claim: [] }],
    parameters,
    responses: {
      200: fileAnswer('The whole file.', head),
      ...(head ? {} : { 206: fileAnswer('A part, of a resumable claim.', head) }),
      304: { description: 'The client has this version; nothing was used up.' },
      ...Object.fromEntries(
        STATUSES.map((status) => [status, { $ref: `#/components/responses/${nameOf(status)}` }]),
      ),
    },
  };
}

function fileAnswer(description: string, head: boolean) {
  const headers = Object.entries(HEADERS).map(([name, says]) => [
    name,
    { description: says, schema: { type: 'string' } },
  ]);
  return {
    description,
    headers: Object.fromEntries(headers),
    ...(head ? {} : { content: { '*/*': {} } }),
  };
}

/** Shared by all the addresses: name → response. */
function refusalResponses(): Record<string, unknown> {
  return Object.fromEntries(
    STATUSES.map((status) => {
      const codes = REFUSALS.filter((each) => each[0] === status);
      const problems = codes.map(([, code, title]) => ({ code, title }));
      return [nameOf(status), problemResponse(status, problems)];
    }),
  );
}

function nameOf(status: number): string {
  return `download.${status}`;
}
