// Files, as the OpenAPI document has them.
import { z } from 'zod';
import { pageQuery } from '../http/list-page.js';
import { bytes, done, id, instant, next, type ApiDescription } from '../openapi/describe.js';

const file = z
  .object({
    id,
    name: z.string(),
    size: bytes,
    type: z.string().meta({ description: 'Media type.' }),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    createdAt: instant,
  })
  .meta({ id: 'File' });

const FILE = {
  id: 'k7Qe9dU2mWsR',
  name: 'report.pdf',
  size: 12345678,
  type: 'application/pdf',
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  createdAt: '2026-11-22T12:00:00.000Z',
};

export const fileApi: ApiDescription = {
  tag: 'Files',
  about: 'What can be handed out. A file belongs to one account.',
  operations: {
    listFiles: {
      on: 'GET /api/files',
      summary: 'List your files',
      access: 'key:files:read',
      query: pageQuery,
      answers: {
        200: {
          description: 'Newest first.',
          schema: z.object({ files: z.array(file), next }),
          example: { files: [FILE] },
        },
      },
    },
    uploadFile: {
      on: 'PUT /api/files',
      summary: 'Upload a file',
      description:
        'The body is the file, streamed to disk and hashed on the way. Nothing of a broken upload is kept.',
      access: 'key:files:write',
      query: z.object({
        name: z.string().min(1).max(255).meta({ description: 'At most 255 bytes of UTF-8.' }),
      }),
      headers: { 'Content-Type': 'The media type that the file is handed out with.' },
      body: { mediaType: 'application/octet-stream' },
      answers: { 201: { description: 'Stored.', schema: file, example: FILE } },
      refusals: [
        'unsupported-media-type',
        'too-large',
        'upload-broken-off',
        'storage-full',
        'quota-exceeded',
      ],
    },
    deleteFile: {
      on: 'DELETE /api/files/{id}',
      summary: 'Delete a file',
      description: 'Its claims die at once, and downloads of it that are under way.',
      access: 'key:files:write',
      answers: { 204: done('Deleted.') },
      refusals: ['ledger-unavailable'],
    },
  },
};
