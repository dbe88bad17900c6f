// What is not of any feature, as the OpenAPI document has it: health, and the document itself.
import { z } from 'zod';
import type { ApiDescription } from '../openapi/describe.js';

const readiness = z.object({
  ready: z.boolean(),
  database: z.boolean(),
  ledger: z.boolean(),
  stopping: z.boolean(),
});

export const serverApi: ApiDescription = {
  tag: 'Server',
  about: 'For whoever runs it, and for programs that write programs.',
  operations: {
    live: {
      on: 'GET /livez',
      summary: 'Whether the process answers',
      access: 'anybody',
      answers: { 200: { description: 'It does.', schema: z.object({ live: z.boolean() }) } },
    },
    ready: {
      on: 'GET /readyz',
      summary: 'Whether it can do its work',
      access: 'anybody',
      answers: {
        200: { description: 'It can.', schema: readiness },
        503: { description: 'Something is missing, or it is stopping.', schema: readiness },
      },
    },
    describeApi: {
      on: 'GET /api/openapi.json',
      summary: 'This document',
      access: 'anybody',
      answers: {
        200: {
          description: 'OpenAPI 3.1.',
          schema: z.looseObject({ openapi: z.string() }),
          headers: { ETag: 'For If-None-Match.' },
        },
        304: { description: 'Still the same.' },
      },
    },
  },
};
