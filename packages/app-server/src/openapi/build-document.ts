// The OpenAPI 3.1 document, made of the features' descriptions. What every operation of a kind has in common (who
// may ask, how it is refused) is added here, so that a description says only what is its own.
import { APP_PROBLEMS, type AppRefusal } from '../http/problems.js';
import type { Access, Answer, ApiDescription, Body, Method, Operation } from './describe.js';
import { ABOUT, PROBLEM, SECURITY } from './document-parts.js';
import { createSchemaWriter, type JsonSchema, type SchemaWriter } from './json-schema.js';

export interface DocumentOptions {
  /** This server's origin. */
  appOrigin: string;
  version: string;
  descriptions: readonly ApiDescription[];
  /** Paths that another server answers, ready made, with their components. */
  elsewhere?: {
    tag: ApiDescription['tag'];
    about: string;
    paths: Record<string, unknown>;
    responses: Record<string, unknown>;
  };
}

export interface OpenApiDocument {
  openapi: '3.1.1';
  info: Record<string, unknown>;
  servers: { url: string; description: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
}

/** Every operation that asks who somebody is takes a look at an API key, if only to refuse it. */
const OF_KEYS: readonly AppRefusal[] = [
  'invalid-key',
  'key-expired',
  'key-revoked',
  'insufficient-scope',
  'too-many-attempts',
];
const OF_STORES: readonly AppRefusal[] = ['database-unavailable', 'sessions-unavailable'];

export function buildDocument(options: DocumentOptions): OpenApiDocument {
  const { appOrigin, version, descriptions, elsewhere } = options;
  const writer = createSchemaWriter();
  const responses: Responses = {};
  const paths: OpenApiDocument['paths'] = {};
  for (const { tag, operations } of descriptions) {
    for (const [operationId, operation] of Object.entries(operations)) {
      const [method, path] = splitOn(operation.on);
      const item = (paths[path] ??= {});
      const key = method.toLowerCase();
      if (key in item) throw new Error(`${operation.on} is described twice`);
      item[key] = describeOperation(operationId, tag, operation, { writer, responses });
    }
  }
  const groups = [...descriptions, ...(elsewhere ? [elsewhere] : [])];
  return {
    openapi: '3.1.1',
    info: {
      title: 'claimcheck',
      version,
      description: ABOUT,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: appOrigin, description: 'The app server' }],
    tags: groups.map(({ tag, about }) => ({ name: tag, description: about })),
    paths: { ...paths, ...(elsewhere?.paths as OpenApiDocument['paths'] | undefined) },
    components: {
      schemas: { ...writer.components, Problem: PROBLEM },
      responses: { ...responses, ...elsewhere?.responses },
      securitySchemes: SECURITY,
    },
  };
}

/** `GET /api/files/{id}` taken apart. */
export function splitOn(on: Operation['on']): [method: Method, path: string] {
  const [method, path = ''] = on.split(' ');
  return [method as Method, path];
}

/** The names in braces. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
}

/** Every refusal that can come, each once. */
export function refusalsOf(operation: Operation): AppRefusal[] {
  const { access, proven = false, body, query, refusals = [] } = operation;
  const [method, path] = splitOn(operation.on);
  const unsafe = method !== 'GET' && method !== 'HEAD';
  return [
    ...new Set<AppRefusal>([
      ...refusals,
      ...(access === 'anybody' ? [] : [...OF_KEYS, ...OF_STORES]),
      ...(['anybody', 'visitor'].includes(access)
        ? []
        : ([
            'not-signed-in',
            'account-incomplete',
            'second-factor-required',
            'coming-back',
          ] as const)),
      ...(access === 'admin' ? (['forbidden'] as const) : []),
      ...(proven ? (['proof-needed'] as const) : []),
      ...(unsafe ? (['cross-site'] as const) : []),
      ...(pathParameters(path).includes('id') ? (['not-found'] as const) : []),
      ...(body?.schema ? (['unsupported-media-type', 'too-large'] as const) : []),
      ...(body?.schema || query ? (['invalid-input'] as const) : []),
      'internal-error',
    ]),
  ];
}

function describeOperation(
  operationId: string,
  tag: string,
  operation: Operation,
  { writer, responses }: { writer: SchemaWriter; responses: Responses },
): Record<string, unknown> {
  const { summary, description, access, body, answers } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(access),
    ...withParameters(operation, writer),
    ...(body === undefined ? {} : { requestBody: describeBody(body, writer) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, each]) => [status, describeAnswer(each, writer)]),
      ),
      ...describeRefusals(refusalsOf(operation), answers, responses),
    },
  };
}

/** An empty requirement means: also without. */
function securityOf(access: Access): Record<string, string[]>[] {
  if (access === 'anybody') return [];
  if (access === 'visitor') return [{}, { session: [] }];
  if (access.startsWith('key:')) return [{ apiKey: [access.slice(4)] }, { session: [] }];
  return [{ session: access === 'admin' ? ['admin'] : [] }];
}

function withParameters(
  { on, path: told = {}, query, headers = {} }: Operation,
  writer: SchemaWriter,
): { parameters?: unknown[] } {
  const [, path] = splitOn(on);
  const inPath = pathParameters(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    description: told[name] ?? 'As the list gives it.',
    schema: { type: 'string' },
  }));
  const { properties = {}, required = [] } = query ? writer.input(query) : {};
  const inQuery = Object.entries(properties as Record<string, JsonSchema>).map(
    ([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      required: (required as string[]).includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    }),
  );
  const inHeaders = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  const parameters = [...inPath, ...inQuery, ...inHeaders];
  return parameters.length === 0 ? {} : { parameters };
}

function describeBody(
  { mediaType = 'application/json', schema, example }: Body,
  writer: SchemaWriter,
) {
  return {
    required: true,
    content: {
      [mediaType]: {
        ...(schema ? { schema: writer.input(schema) } : {}),
        ...(example === undefined ? {} : { example }),
      },
    },
  };
}

function describeAnswer(answer: Answer, writer: SchemaWriter) {
  const { description, schema, mediaType, headers, example } = answer;
  const type = mediaType ?? (schema ? 'application/json' : undefined);
  return {
    description,
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, says]) => [
              name,
              { description: says, schema: { type: 'string' } },
            ]),
          ),
        }),
    ...(type === undefined
      ? {}
      : {
          content: {
            [type]: {
              ...(schema ? { schema: writer.output(schema) } : {}),
              ...(example === undefined ? {} : { example }),
            },
          },
        }),
  };
}

/** Refusals that several operations have in common, by name. */
type Responses = Record<string, Record<string, unknown>>;

/** One response a status, with the codes that it can bear; a status that is answered otherwise too is left to that. */
function describeRefusals(
  refusals: readonly AppRefusal[],
  answers: Operation['answers'],
  responses: Responses,
) {
  const byStatus = new Map<number, { code: AppRefusal; title: string }[]>();
  for (const code of refusals.toSorted()) {
    const { status, title } = APP_PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), { code, title }]);
  }
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in answers))
      .map(([status, codes]) => {
        const name = codes.map(({ code }) => code).join('.');
        responses[name] ??= problemResponse(status, codes);
        return [status, { $ref: `#/components/responses/${name}` }];
      }),
  );
}

/** A refusal of one status: which codes it can bear, and what each says. */
export function problemResponse(
  status: number,
  problems: readonly { code: string; title: string }[],
): Record<string, unknown> {
  const types = problems.map(({ code }) => `urn:claimcheck:problem:${code}`);
  return {
    description: problems.map(({ code, title }) => `\`${code}\`: ${title}.`).join(' '),
    content: {
      'application/problem+json': {
        schema: {
          $ref: '#/components/schemas/Problem',
          properties: { type: { enum: types }, status: { const: status } },
        },
      },
    },
  };
}
