// Copies that were begun before claims carried the whole hash of their file: the facts of the file are kept with the
// copy as they were signed then, and a press that goes on with it signs the very same again.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client as Postgres } from 'pg';
import { claimOf, upload } from '../app/files-and-claims.js';
import { APP_ORIGIN, startTestAppServer, type TestAppServer } from '../app/start-app-server.js';
import { createDatabase } from '../support/postgres.js';
import { createRecipient, makeLink } from './press-link.js';

let app: TestAppServer;
let database: Postgres;
beforeAll(async () => {
  const databaseUrl = await createDatabase();
  app = await startTestAppServer({ databaseUrl });
  database = new Postgres({ connectionString: databaseUrl });
  await database.connect();
}, 60_000);
afterAll(async () => {
  await database.end();
  await app.stop();
});

test('a press goes on with a copy whose claim has an entity tag alone', async () => {
  const sender = await app.signedIn();
  const content = 'begun before';
  const { id: fileId } = await upload(sender, 'report.txt', content);
  const { id, url } = await makeLink(sender, fileId);
  const press = async () =>
    (await createRecipient(app.url, APP_ORIGIN).take(url)).claimUrl ?? 'none';

  const hash = createHash('sha256').update(content).digest('base64url');
  const first = await claimOf(app, await press());
  if (!('sha256' in first.fil)) throw new Error('the claim has no hash');
  const { sha256, ...rest } = first.fil;
  expect(sha256).toBe(hash);

  const before = { ...rest, etag: hash.slice(0, 16) };
  const written = await database.query(
    'update link_copy set claimed_file = $1 where link_id = $2 and claim_id = $3',
    [JSON.stringify(before), id, first.jti],
  );
  expect(written.rowCount).toBe(1);
  const again = await claimOf(app, await press());
  expect(again).toEqual({ ...first, fil: before });
});
