// The audit trail, as the OpenAPI document has it.
import { z } from 'zod';
import { pageQuery } from '../http/list-page.js';
import { next, type ApiDescription } from '../openapi/describe.js';
import { ACTION_NAMES } from './describe-action.js';
import { auditEntryOutput, ownAuditEntryOutput } from './input.js';

const WHO = 'An id, an e-mail address, or `none`.';
const WHEN = 'A day like 2026-11-22, or an instant; UTC without a zone.';

const filter = z.object({
  action: z.enum(ACTION_NAMES as [string, ...string[]]).optional(),
  actor: z.string().optional().meta({ description: WHO }),
  account: z.string().optional().meta({ description: WHO }),
  subject: z.string().optional().meta({ description: 'Such as `link:` and its id.' }),
  address: z.string().optional(),
  from: z.string().optional().meta({ description: WHEN }),
  to: z
    .string()
    .optional()
    .meta({ description: `${WHEN} Not itself; a day with its end.` }),
});

export const auditApi: ApiDescription = {
  tag: 'Audit trail',
  about: 'What was done, by whom, to whom, from where. Entries are only ever added.',
  operations: {
    listAudit: {
      on: 'GET /api/audit',
      summary: 'Read the audit trail',
      access: 'admin',
      query: pageQuery.extend(filter.shape),
      answers: {
        200: {
          description: 'Newest first.',
          schema: z.object({ entries: z.array(auditEntryOutput), next }),
        },
      },
    },
    exportAudit: {
      on: 'GET /api/audit.csv',
      summary: 'The audit trail as a table',
      access: 'admin',
      query: filter,
      answers: {
        200: {
          description: 'Every entry that the filter lets through, streamed.',
          mediaType: 'text/csv',
          headers: { 'Content-Disposition': 'attachment' },
        },
      },
    },
    listOwnAudit: {
      on: 'GET /api/account/audit',
      summary: 'What was done by your account and to it',
      access: 'session',
      query: pageQuery,
      answers: {
        200: {
          description: 'Newest first.',
          schema: z.object({ entries: z.array(ownAuditEntryOutput), next }),
        },
      },
    },
  },
};
