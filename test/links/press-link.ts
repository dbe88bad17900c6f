// A recipient's browser for tests: opens a link's page, reads its form as it is, and presses the button
// as a browser does when a person clicks. What a program would do differently is said by the caller.
import { createClient, type Client } from '../app/client.js';

export interface MadeLink {
  id: string;
  url: string;
  code?: string;
}

/** Makes one link by the API. */
export async function makeLink(
  sender: Client,
  fileId: string,
  wish: Record<string, unknown> = {},
): Promise<MadeLink> {
  const response = await sender.json('POST', '/api/links', { fileId, ...wish });
  if (response.status !== 201) {
    throw new Error(`making a link gave ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as MadeLink;
}

export interface ToldLink {
  id: string;
  state: string;
  copies: number;
  copiesUsed: number;
  copiesFinished: number;
  bytesSent: number;
  timeline: { at: string; kind: string; detail?: string; reason?: string; bytes?: number }[];
}

/** The link with its timeline, as its sender reads it. */
export async function readLink(sender: Client, id: string): Promise<ToldLink> {
  const response = await sender.get(`/api/links/${id}`);
  if (response.status !== 200) throw new Error(`reading a link gave ${response.status}`);
  return (await response.json()) as ToldLink;
}

/** What a browser sends with a navigation that a person's click caused. */
export const CLICKED = {
  Accept: 'text/html',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-User': '?1',
  'Sec-CH-UA': '"Chromium";v="140"',
};

/** The same from a program that has none of a browser's headers. */
export const BY_PROGRAM = { Origin: '' };

export interface Page {
  status: number;
  /** The page's text, without its tags. */
  words: string;
  html: string;
  /** Hidden fields of the form and its button, by name; undefined when it has no form. */
  form: { hidden: Record<string, string>; button: Record<string, string> } | undefined;
}

export interface Recipient {
  client: Client;
  open(url: string, headers?: Record<string, string>): Promise<Page>;
  /** Presses the button of a page that was opened. */
  press(
    url: string,
    page: Page,
    more?: { fields?: Record<string, string>; headers?: Record<string, string> },
  ): Promise<Pressed>;
  /** Opens and presses at once, as a person with a browser. */
  take(url: string, fields?: Record<string, string>): Promise<Pressed>;
}

export interface Pressed extends Page {
  /** Where the browser is sent to, when it is. */
  claimUrl: string | undefined;
}

/**
 * @param appUrl where the server listens, which the link's origin need not be.
 * @param origin what the browser takes for the page's origin.
 */
export function createRecipient(appUrl: string, origin: string): Recipient {
  const client = createClient(appUrl, origin);
  const pathOf = (url: string) => new URL(url).pathname;

  const open: Recipient['open'] = async (url, headers = {}) => {
    return await readPage(await client.get(pathOf(url), { Accept: 'text/html', ...headers }));
  };
  const press: Recipient['press'] = async (url, page, { fields = {}, headers = CLICKED } = {}) => {
    const response = await client.request('POST', pathOf(url), {
      body: new URLSearchParams({ ...page.form?.hidden, ...page.form?.button, ...fields }),
      headers: { Accept: 'text/html', ...headers },
    });
    const claimUrl = response.headers.get('Location') ?? undefined;
    return { ...(await readPage(response)), claimUrl };
  };
  return {
    client,
    open,
    press,
    take: async (url, fields = {}) => await press(url, await open(url), { fields }),
  };
}

async function readPage(response: Response): Promise<Page> {
  const html = await response.text();
  const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(html)?.[1] ?? '';
  const words = unescape(main.replace(/<[^>]+>/g, ' ')).replace(/\s+/g, ' ');
  return { status: response.status, html, words: words.trim(), form: readForm(main) };
}

function readForm(main: string): Page['form'] {
  const [, form] = /<form[^>]*>([\s\S]*)<\/form>/.exec(main) ?? [];
  if (form === undefined) return undefined;
  const fields = (pattern: RegExp) =>
    Object.fromEntries(
      [...form.matchAll(pattern)].map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value')]),
    );
  return { hidden: fields(/<input type="hidden"[^>]*>/g), button: fields(/<button[^>]*>/g) };
}

const attribute = (tag: string, name: string) =>
  unescape(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
function unescape(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');
}
