// Holds answers against the API's description: each must have a status that its operation names, the media type, a
// body that its schema takes, and, when it is a refusal, one of the codes. Keeps account of what was seen.
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

export interface OpenApi {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, object>;
    responses: Record<string, Response_>;
    securitySchemes: Record<string, object>;
  };
}

export interface Operation {
  operationId: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, Response_ & { $ref?: string }>;
}

interface Response_ {
  description: string;
  content?: Record<string, MediaType>;
}

interface MediaType {
  schema?: object;
  example?: unknown;
}

export const METHODS: ReadonlySet<string> = new Set([
  'get',
  'head',
  'post',
  'put',
  'patch',
  'delete',
]);

/** Every operation with its method and path. */
export function operationsOf(document: OpenApi) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Compiles schemas as they stand in the document; a keyword or format that is none is refused. */
export function createSchemaCheck(document: OpenApi): (schema: object) => ValidateFunction {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
  });
  formats.default(ajv);
  ajv.addSchema(atHome({ $id: HOME, $defs: document.components.schemas }));
  return (schema) => ajv.compile(atHome(schema));
}

const HOME = 'https://api.test/';

/** References into the document, as references into a schema that holds all of its schemas. */
function atHome(schema: object): object {
  const text = JSON.stringify(schema);
  return JSON.parse(text.replaceAll('"#/components/schemas/', `"${HOME}#/$defs/`)) as object;
}

/** The response of an operation, also when it is one that several share. */
export function responseOf(document: OpenApi, operation: Operation, status: string) {
  const response = operation.responses[status];
  if (response?.$ref === undefined) return response;
  return document.components.responses[response.$ref.replace('#/components/responses/', '')];
}

export interface AnswerCheck {
  /** @throws Error that says which answer is not as described, and how. */
  check(method: string, path: string, answer: Response): Promise<Response>;
  /** `operationId status` of everything that was checked. */
  readonly seen: ReadonlySet<string>;
}

export function createAnswerCheck(document: OpenApi): AnswerCheck {
  const compile = createSchemaCheck(document);
  const seen = new Set<string>();
  const operations = operationsOf(document).map((each) => ({
    ...each,
    pattern: new RegExp(`^${each.path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  }));

  return {
    seen,
    async check(method, path, answer) {
      const [bare = ''] = path.split('?');
      const found = operations
        .filter((each) => each.method === method && each.pattern.test(bare))
        // `/api/links/events` before `/api/links/{id}`.
        .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
      const what = `${method} ${path} → ${answer.status}`;
      if (found === undefined) throw new Error(`${what}: no such operation is described`);
      const { operation } = found;
      const response = responseOf(document, operation, String(answer.status));
      if (response === undefined) {
        throw new Error(
          `${what}: ${operation.operationId} does not describe this status: ${await answer.text()}`,
        );
      }
      seen.add(`${operation.operationId} ${answer.status}`);
      const type = (answer.headers.get('Content-Type') ?? '').replace(/;.*/, '');
      const text =
        method === 'HEAD' || type === 'text/event-stream' ? '' : await answer.clone().text();
      const { content } = response;
      if (content === undefined) {
        if (text !== '') throw new Error(`${what}: has a body, which is not described: ${text}`);
        return answer;
      }
      const media = content[type] ?? content['*/*'];
      if (media === undefined) throw new Error(`${what}: ${type} is not described`);
      if (media.schema !== undefined) {
        const isValid = compile(media.schema);
        if (!isValid(JSON.parse(text))) {
          throw new Error(`${what}: ${JSON.stringify(isValid.errors)} in ${text}`);
        }
      }
      return answer;
    },
  };
}
