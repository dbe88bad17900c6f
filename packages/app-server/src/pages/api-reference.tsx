// What the API can do, for people: the OpenAPI document laid out, without script. Only what a caller must know of
// each operation; all of it is in the document, which programs read.
import type { ComponentChildren } from 'preact';
import type { OpenApiDocument } from '../openapi/build-document.js';
import { renderDocument } from './document.js';
import type { Assets } from './props.js';

export interface ApiReferenceProps {
  assets: Assets;
  document: OpenApiDocument;
}

interface Schema {
  type?: string | string[];
  $ref?: string;
  format?: string;
  enum?: unknown[];
  items?: Schema;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
}

interface Response {
  $ref?: string;
  description: string;
  content?: Record<string, { schema?: Schema }>;
}

interface Operation {
  tags: string[];
  summary: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required: boolean; description?: string }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses: Record<string, Response>;
}

interface Components {
  schemas: Record<string, Schema>;
  responses: Record<string, Response>;
}

interface Listed {
  method: string;
  path: string;
  operation: Operation;
}

const METHODS: ReadonlySet<string> = new Set(['get', 'head', 'post', 'put', 'patch', 'delete']);

export function renderApiReference({ assets, document }: ApiReferenceProps): string {
  const listed = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]): Listed => ({ method, path, operation: operation as Operation })),
  );
  const components = document.components as unknown as Components;
  return renderDocument({
    assets,
    title: 'API',
    children: (
      <>
        <h1>API</h1>
        <p>
          The whole of it, as programs read it: <a href="/api/openapi.json">OpenAPI 3.1</a>. A
          program sends an <a href="/api-keys">API key</a> as <code>Authorization: Bearer</code>;
          people have their session. Refusals are <code>application/problem+json</code> with one of
          the codes that are named.
        </p>
        {document.tags.map(({ name, description }) => (
          <section key={name} class="stack" aria-labelledby={headingId(name)}>
            <h2 id={headingId(name)}>{name}</h2>
            <p>{description}</p>
            {listed
              .filter(({ operation }) => operation.tags.includes(name))
              .map((each) => (
                <Described key={`${each.method} ${each.path}`} {...each} components={components} />
              ))}
          </section>
        ))}
      </>
    ),
  });
}

function Described({ method, path, operation, components }: Listed & { components: Components }) {
  const { schemas, responses } = components;
  const [body] = Object.entries(operation.requestBody?.content ?? {});
  return (
    <details class="card operation">
      <summary>
        <code>
          {method.toUpperCase()} {path}
        </code>
        <span class="hint"> {operation.summary}</span>
      </summary>
      {operation.description !== undefined && <p>{operation.description}</p>}
      <dl>
        <dt>Who</dt>
        <dd>{whoMay(operation.security)}</dd>
        {operation.parameters?.map(({ name, in: place, required, description = '' }) => (
          <Fact
            key={`${place} ${name}`}
            name={name}
            what={`in the ${place}${required ? '' : ', optional'}`}
          >
            {description}
          </Fact>
        ))}
        {body && (
          <>
            <dt>Body</dt>
            <dd>
              <code>{body[0]}</code>
              {body[1].schema && (
                <Fields schema={resolve(body[1].schema, schemas)} schemas={schemas} />
              )}
            </dd>
          </>
        )}
        {Object.entries(operation.responses)
          .map(
            ([status, { $ref, ...own }]) =>
              [status, ($ref && responses[nameOf($ref)]) || own] as const,
          )
          .map(([status, { description, content = {} }]) => (
            <Fact key={status} name={status} what="">
              <Words text={description} />
              <Answer schema={content['application/json']?.schema} schemas={schemas} />
            </Fact>
          ))}
      </dl>
    </details>
  );
}

function Fact({
  name,
  what,
  children,
}: {
  name: string;
  what: string;
  children: ComponentChildren;
}) {
  return (
    <>
      <dt>
        <code>{name}</code> {what}
      </dt>
      <dd>{children}</dd>
    </>
  );
}

function Answer({
  schema,
  schemas,
}: {
  schema: Schema | undefined;
  schemas: Record<string, Schema>;
}) {
  return schema ? <Fields schema={resolve(schema, schemas)} schemas={schemas} /> : null;
}

function Fields({ schema, schemas }: { schema: Schema; schemas: Record<string, Schema> }) {
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return null;
  return (
    <ul>
      {fields.map(([name, field]) => (
        <li key={name}>
          <code>{name}</code>: {typeName(field, schemas)}
          {schema.required?.includes(name) ? '' : ', optional'}
          {field.description === undefined ? '' : `. ${field.description}`}
        </li>
      ))}
    </ul>
  );
}

/** What stands in backquotes is code. */
function Words({ text }: { text: string }) {
  return (
    <>{text.split('`').map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>
  );
}

function resolve(schema: Schema, schemas: Record<string, Schema>): Schema {
  return schema.$ref === undefined ? schema : (schemas[nameOf(schema.$ref)] ?? schema);
}

function typeName(schema: Schema, schemas: Record<string, Schema>): string {
  if (schema.$ref !== undefined) return typeName(resolve(schema, schemas), schemas);
  if (schema.anyOf) return schema.anyOf.map((each) => typeName(each, schemas)).join(' or ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.type === 'array') {
    const items = schema.items && Object.keys(resolve(schema.items, schemas).properties ?? {});
    if (items && items.length > 0) return `list of { ${items.join(', ')} }`;
    return `list of ${typeName(schema.items ?? {}, schemas)}`;
  }
  return schema.format ?? String(schema.type ?? 'anything');
}

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

function headingId(tag: string): string {
  return tag.toLowerCase().replaceAll(' ', '-');
}

function whoMay(security: readonly Record<string, string[]>[]): string {
  const ways = security.map((requirement) => {
    const { apiKey, session, claim } = requirement;
    if (apiKey) return `an API key with ${apiKey.join(', ')}`;
    if (claim) return 'the bearer of a claim';
    if (session) return session.includes('admin') ? 'an administrator' : 'somebody signed in';
    return 'anybody';
  });
  return ways.length === 0 ? 'anybody' : ways.join(', or ');
}
