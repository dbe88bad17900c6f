// A small browser for tests: keeps cookies, sends Origin with unsafe methods as browsers do, follows
// no redirect by itself.

export interface Client {
  readonly cookies: Map<string, string>;
  /** Any request; `headers` may take the Origin away by setting it to an empty string. */
  request(method: string, path: string, init?: ClientInit): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  json(method: string, path: string, body: unknown): Promise<Response>;
  /** Posts a page's form. */
  form(path: string, fields?: Record<string, string>): Promise<Response>;
}

export interface ClientInit {
  body?: BodyInit | ReadableStream;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function createClient(url: string, origin: string): Client {
  const cookies = new Map<string, string>();

  async function request(method: string, path: string, init: ClientInit = {}): Promise<Response> {
    const headers = new Headers();
    if (!['GET', 'HEAD'].includes(method)) headers.set('Origin', origin);
    if (cookies.size > 0) {
      headers.set('Cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    for (const [name, value] of Object.entries(init.headers ?? {})) {
      if (value === '') headers.delete(name);
      else headers.set(name, value);
    }
    const response = await fetch(new URL(path, url), {
      method,
      headers,
      redirect: 'manual',
      ...(init.body === undefined ? {} : { body: init.body, duplex: 'half' }),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    });
    for (const line of response.headers.getSetCookie()) keep(line);
    return response;
  }

  function keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    if (attributes.includes('Max-Age=0')) cookies.delete(name);
    else cookies.set(name, value);
  }

  return {
    cookies,
    request,
    get: (path, headers = {}) => request('GET', path, { headers }),
    json: (method, path, body) =>
      request(method, path, {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
    form: (path, fields = {}) =>
      request('POST', path, {
        body: new URLSearchParams(fields),
        headers: { Accept: 'text/html' },
      }),
  };
}
