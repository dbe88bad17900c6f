// How an operation of the API is described, for the OpenAPI document. To add one: put an entry into the
// `describe-api.ts` beside its feature (make one, and name it in `join-descriptions.ts`), with the zod schema that
// validates its body and one of its answer; then `npm run openapi -w packages/app-server` writes `docs/openapi.json`
// anew. Types and small schemas only: what a description becomes is in `build-document.ts`.
import { z } from 'zod';
import type { KeyScope } from '../api-keys/key-scopes.js';
import type { AppRefusal } from '../http/problems.js';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may ask. `anybody`: nobody is asked who. `visitor`: a session may be there and need not. `session`: somebody
 * signed in. `admin`: an administrator. `key:…`: somebody signed in, or a program by an API key with that scope.
 */
export type Access = 'anybody' | 'visitor' | 'session' | 'admin' | `key:${KeyScope}`;

export interface Body {
  /** `application/json` when left out. */
  mediaType?: string;
  /** What validates it; left out where any bytes will do. */
  schema?: z.ZodType;
  example?: unknown;
}

export interface Answer {
  /** What it means. */
  description: string;
  /** Left out where there is no body, or one that JSON Schema does not describe. */
  schema?: z.ZodType;
  /** Of the body; `application/json` when there is a schema, no body when neither is named. */
  mediaType?: string;
  /** Name → what it says. */
  headers?: Readonly<Record<string, string>>;
  example?: unknown;
}

export interface Operation {
  /** Method and path as OpenAPI writes it: `GET /api/files/{id}`. */
  on: `${Method} /${string}`;
  /** What it does, in a few words. */
  summary: string;
  description?: string;
  access: Access;
  /** Whether it must have been proven lately who is asking (`require-recent-proof.ts`). */
  proven?: boolean;
  /** Path parameters other than `id`, each with what it is. */
  path?: Readonly<Record<string, string>>;
  query?: z.ZodObject;
  /** Request headers that matter here, each with what it is for. */
  headers?: Readonly<Record<string, string>>;
  body?: Body;
  answers: Readonly<Record<number, Answer>>;
  /** Those that do not follow from access, parameters and body. */
  refusals?: readonly AppRefusal[];
}

export interface ApiDescription {
  /** Heading of the group. */
  tag: string;
  about: string;
  /** By operation id, a name that client generators make a function of. */
  operations: Readonly<Record<string, Operation>>;
}

/** RFC 3339 in UTC, as `Date.toJSON` writes it. */
export const instant = z.string().meta({ format: 'date-time' });
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const bytes = z.int().min(0).meta({ description: 'Bytes.' });
export const email = z.string().meta({ format: 'email' });
/** The address of a list's next page; none on its last. */
export const next = z.string().optional().meta({ description: 'The next page; none on the last.' });
/** An answer without a body. */
export const done = (description: string): Answer => ({ description });
