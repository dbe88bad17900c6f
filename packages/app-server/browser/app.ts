// What the pages do better with script: uploads with progress, copying a command, live claims, times
// in the reader's zone. Every page works without.
import { copyFrom, onCopy, onDownload } from './download-and-copy.js';
import { followClaims } from './live-claims.js';
import { followLink, followLinks } from './live-links.js';
import { localise } from './local-times.js';
import { rememberRows } from './merge-rows.js';
import { offerPasskeys, onPasskey } from './passkeys.js';
import { onPress } from './press-once.js';
import { followUploads } from './uploads.js';

document.documentElement.classList.add('scripted');
rememberRows(document);
localise(document);

// The outcome has been said; loading the page again must not say it again.
const here = new URL(location.href);
if (here.searchParams.has('done')) {
  here.searchParams.delete('done');
  history.replaceState(null, '', here);
}

const claims = document.querySelector('#claims');
if (claims) followClaims(claims);
const links = document.querySelector('#links');
if (links) followLinks(links);
const link = document.querySelector<HTMLElement>('#link');
if (link) followLink(link);
const form = document.querySelector<HTMLFormElement>('#upload');
const uploads = document.querySelector('#uploads');
if (form && uploads) followUploads(form, uploads);

const entry = document.querySelector<HTMLElement>('[data-passkey="sign-in"]');
if (entry) void offerPasskeys(entry);

document.addEventListener('submit', (event) => {
  const pressed = event.target as HTMLFormElement;
  if (pressed.dataset['download'] !== undefined) onDownload(event, pressed);
  if (pressed.dataset['press'] !== undefined) onPress(event, pressed);
  if (pressed.dataset['passkey'] !== undefined) {
    event.preventDefault();
    void onPasskey(pressed);
  }
  const fileId = pressed.dataset['copy'];
  if (fileId === undefined) return;
  event.preventDefault();
  void onCopy(pressed, fileId);
});

document.addEventListener('click', (event) => {
  const asked = document.querySelector<HTMLDetailsElement>('details.confirm[open]');
  if (asked && !asked.contains(event.target as Element)) asked.open = false;
  if ((event.target as Element).closest('[data-print]')) window.print();
  const asker = (event.target as Element).closest<HTMLElement>(
    '[data-passkey] button[type=button]',
  );
  if (asker) void onPasskey(asker.parentElement as HTMLElement);
  const button = (event.target as Element).closest<HTMLElement>('[data-copy-from]');
  const field =
    button && document.querySelector<HTMLTextAreaElement>(`#${button.dataset['copyFrom']}`);
  if (!field) return;
  void copyFrom(field, button);
});

document.addEventListener('keydown', (event) => {
  const open = document.querySelector<HTMLDetailsElement>('details.confirm[open]');
  if (event.key !== 'Escape' || !open) return;
  open.open = false;
  open.querySelector('summary')?.focus();
});
