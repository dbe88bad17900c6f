// A multipart form, file by file as it streams in: nothing is gathered in memory or in a temporary
// file of the parser's. Files are handled one after another, in the order of the form; the first
// failure ends the reading, and the request's connection stays usable for the answer.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { Refused } from '../http/problems.js';

/** A form has this many files at most; the page says nothing of more, programs send one by one. */
const MAX_FILES = 100;
const LIMITS = { files: MAX_FILES, fields: 20, fieldSize: 4096, parts: 200, headerPairs: 50 };

export interface FormFile {
  name: string;
  /** The part's media type, as the browser stated it. */
  type: string;
  body: BusboyFileStream;
}

/**
 * Reads a form and hands each chosen file to `onFile`, which must read its body to the end or throw.
 * @returns how many files were chosen.
 * @throws Refused `unsupported-media-type`, `upload-broken-off`, `invalid-input` for a malformed form
 *   or too many files; else what `onFile` threw.
 */
export async function receiveForm(
  request: IncomingMessage,
  onFile: (file: FormFile) => Promise<void>,
): Promise<number> {
  const form = openForm(request);
  const failure = new AbortController();
  const bodies = new Set<BusboyFileStream>();
  let chosen = 0;
  let handled = Promise.resolve();

  /** The first reason counts; what else breaks because of it does not. */
  const fail = (reason: unknown) => {
    failure.abort(reason);
    for (const body of bodies) body.destroy();
  };
  const handle = async (file: FormFile) => {
    if (!failure.signal.aborted) await onFile(file);
  };
  form.on('file', (_field, body, name: string | undefined, _encoding, type) => {
    // The parser emits an error on a part that is cut short, also while nobody reads it yet.
    body.on('error', () => body.destroy());
    if (failure.signal.aborted || name === undefined || name === '') {
      body.resume();
      return;
    }
    chosen += 1;
    bodies.add(body);
    handled = handled
      .then(() => handle({ name: decodeName(name), type, body }))
      .catch(fail)
      .finally(() => bodies.delete(body));
  });
  form.on('filesLimit', () =>
    fail(new Refused('invalid-input', `file: at most ${MAX_FILES} files at a time`)),
  );
  form.on('error', (error) => fail(malformed(error)));

  await Promise.race([pump(request, form, failure.signal), aborted(failure.signal)]).catch(fail);
  await handled;
  if (failure.signal.aborted) throw failure.signal.reason;
  return chosen;
}

function openForm(request: IncomingMessage) {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) {
    throw new Refused('unsupported-media-type', 'Send multipart/form-data.');
  }
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': type },
      limits: LIMITS,
      preservePath: true,
    });
  } catch (error) {
    throw malformed(error);
  }
}

/**
 * Browsers write three characters of a name in percent form, and no others (WHATWG HTML, "multipart
 * form data"). The line breaks are then refused with the name they stand in.
 */
function decodeName(name: string): string {
  return name.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n');
}

/** Feeds the parser at its pace. Unlike a pipe it leaves the request alone when the parser fails. */
async function pump(
  request: IncomingMessage,
  form: ReturnType<typeof openForm>,
  signal: AbortSignal,
): Promise<void> {
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) return;
      if (!form.write(chunk)) await once(form, 'drain', { signal });
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new Refused('upload-broken-off', undefined, { cause: error });
  }
  const finished = once(form, 'finish', { signal });
  form.end();
  await finished;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function malformed(error: unknown): Refused {
  return new Refused('invalid-input', 'body: not a well-formed multipart form', { cause: error });
}
