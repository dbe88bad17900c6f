// The schemas and examples of the OpenAPI document, without a server: compiling them all takes a while, in which
// a server in the same process would answer nobody.
import { expect, test } from '@jest/globals';
import { describeWholeApi } from '@claimcheck/app-server';
import { createSchemaCheck, operationsOf, responseOf, type OpenApi } from './checked-answers.js';

const origins = { appOrigin: 'http://localhost:3000', downloadOrigin: 'http://localhost:3001' };
const document = JSON.parse(JSON.stringify(describeWholeApi(origins))) as OpenApi;

test('the document has schemas of JSON Schema 2020-12 alone, and examples that they take', () => {
  const compile = createSchemaCheck(document);
  let examples = 0;
  for (const schema of Object.values(document.components.schemas)) compile(schema);
  for (const { operation } of operationsOf(document)) {
    for (const { schema } of operation.parameters ?? []) compile(schema);
    const contents = [
      operation.requestBody?.content,
      ...Object.keys(operation.responses).map(
        (status) => responseOf(document, operation, status)?.content,
      ),
    ].flatMap((content) => Object.values(content ?? {}));
    for (const { schema, example } of contents) {
      if (schema === undefined) continue;
      const isValid = compile(schema);
      if (example === undefined) continue;
      examples += 1;
      expect([operation.operationId, isValid(example), isValid.errors]).toEqual([
        operation.operationId,
        true,
        null,
      ]);
    }
  }
  expect(examples).toBeGreaterThan(15);
});
