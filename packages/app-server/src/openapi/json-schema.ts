// From zod to JSON Schema 2020-12, the dialect of OpenAPI 3.1. Schemas with an id (`.meta({ id })`) become
// components and are referred to; a schema's `asJson` stands in where what is accepted cannot be derived.
import { z } from 'zod';

export type JsonSchema = { [keyword: string]: unknown };

/** Collects components while schemas are turned. */
export interface SchemaWriter {
  /** What may be sent. */
  input(schema: z.ZodType): JsonSchema;
  /** What is answered: no other fields than those named. */
  output(schema: z.ZodType): JsonSchema;
  components: Record<string, JsonSchema>;
}

/** @throws Error when two different schemas bear one id. */
export function createSchemaWriter(): SchemaWriter {
  const components: Record<string, JsonSchema> = {};

  function turn(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const turned = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // As `JSON.stringify` writes one.
        if (zodSchema instanceof z.ZodDate) {
          Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
        }
        standIn(jsonSchema);
      },
    });
    const text = JSON.stringify(turned).replaceAll('"#/$defs/', '"#/components/schemas/');
    const { $schema: _, $defs = {}, ...rest } = JSON.parse(text) as JsonSchema;
    for (const [name, { id: __, ...definition }] of Object.entries($defs as Components)) {
      const known = components[name];
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) {
        throw new Error(`two schemas have the id ${name}`);
      }
      components[name] = definition;
    }
    return rest;
  }

  return {
    input: (schema) => turn(schema, 'input'),
    output: (schema) => turn(schema, 'output'),
    components,
  };
}

type Components = Record<string, JsonSchema>;

/** Also takes out the bounds of whole numbers that JavaScript can hold, which say nothing. */
function standIn(jsonSchema: JsonSchema): void {
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  const { asJson } = jsonSchema;
  if (asJson === undefined) return;
  for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword];
  Object.assign(jsonSchema, asJson);
}
