// What stands once in the OpenAPI document, whatever is described in it: its introduction, the shape of a problem, and
// how somebody shows who they are. Data only.
import type { JsonSchema } from './json-schema.js';

export const ABOUT = `The app server of claimcheck: sessions, files, claims, links. The download server's one address is
described too. Errors are \`application/problem+json\` (RFC 9457) with a stable \`type\`; a client that prefers
\`text/html\` gets a page with the same status instead.

Browsers are recognised by their session cookie, and must say where they come from (\`Sec-Fetch-Site\` or
\`Origin\`) in requests that change something. Programs send an API key as \`Authorization: Bearer\` to those
operations that list \`apiKey\`; no cookie is looked at then, and no origin asked for.`;

export const PROBLEM: JsonSchema = {
  description: 'A refusal, as RFC 9457 has it.',
  type: 'object',
  properties: {
    type: { type: 'string', description: 'Stable: what to tell refusals apart by.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What exactly is wrong, or what to do.' },
    instance: { type: 'string', description: 'The request, to quote when asking for help.' },
  },
  required: ['type', 'title', 'status', 'detail', 'instance'],
  additionalProperties: false,
};

export const SECURITY = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-claimcheck',
    description: 'Set by signing in. `admin` beside it: only for administrators.',
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `cck_…`, with the scope that the operation names.',
  },
  claim: {
    type: 'http',
    scheme: 'bearer',
    description: 'A claim, where it is not in the address.',
  },
};
