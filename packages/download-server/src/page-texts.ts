// Everything that the refusal page says, in one object a language: what happened, whether anybody has got the
// file, what to do. Another language is another object; one that forgets a sentence does not compile.
import type { Refusal } from './problems.js';

/** What a person wants to know first. Whole sentences; a language decides how it joins them. */
export interface RefusalText {
  title: string;
  /** Whether the file was handed out with this link. */
  fetched: string;
  /** What to do next. */
  advice: string;
}

export interface PageTexts {
  /** Language tag for `lang` (BCP 47), and the direction it is written in. */
  lang: string;
  dir: 'ltr' | 'rtl';
  refusals: Readonly<Record<Refusal, RefusalText>>;
  /** When a used link was used: it can have been at no other time. Instants in UTC. */
  fetchedBetween: (from: Date, to: Date) => string;
  tryAgain: string;
  /** Before the two lines below. */
  help: string;
  problem: string;
  request: string;
}

const NOT_FETCHED =
  'Nothing has been handed out, and the link has not been used up by this attempt.';

export const ENGLISH: PageTexts = {
  lang: 'en',
  dir: 'ltr',
  fetchedBetween: (from, to) =>
    `The file was fetched with this link between ${clock(from)} and ${clock(to)} (UTC) on ${day(to)}.`,
  tryAgain: 'Try again',
  help: 'If you ask somebody for help, give them these two lines. They do not give away your link.',
  problem: 'Problem',
  request: 'Request',
  refusals: {
    'invalid-claim': {
      title: 'This link is not valid',
      fetched: 'Nothing has been handed out.',
      advice:
        'It was probably cut short or changed on its way to you. Copy the whole link again, or ask whoever sent it for a new one.',
    },
    expired: {
      title: 'This link has expired',
      fetched: 'Nothing has been handed out just now.',
      advice:
        'It was not used in time, or a download that had begun with it was not continued in time. Ask for a new one where you got it.',
    },
    'already-used': {
      title: 'This link has already been used',
      fetched: 'The file was fetched with this link before.',
      advice:
        'It works for one download only. If that was you, look among your downloads: the file is there. If it was not, tell whoever sent you the link, and ask for a new one.',
    },
    revoked: {
      title: 'This link was withdrawn',
      fetched: 'Nothing has been handed out just now.',
      advice:
        'Whoever made it has taken it back, or has signed out. Ask them for a new one if you still need the file.',
    },
    superseded: {
      title: 'This link can no longer be used',
      fetched: 'Nothing has been handed out just now.',
      advice:
        'Our records were restarted after it was made, so we cannot be sure that it is unused. It is no fault of yours. Ask for a new one where you got it.',
    },
    'ledger-unavailable': {
      title: 'We cannot check this link just now',
      fetched: 'Nothing has been handed out.',
      advice:
        'It is a fault on our side. Try again in a few seconds; should the link then say that it was used, ask for a new one.',
    },
    'file-missing': {
      title: 'The file is no longer there',
      fetched: NOT_FETCHED,
      advice: 'It was moved or deleted after this link was made. Ask whoever sent it to you.',
    },
    'file-changed': {
      title: 'The file was changed after this link was made',
      fetched: NOT_FETCHED,
      advice:
        'What is there now is not what was meant for you. Ask for a new link where you got this one.',
    },
    busy: {
      title: 'We cannot start your download just now',
      fetched: NOT_FETCHED,
      advice: 'Too much is going on here at the moment. Try again in a few seconds.',
    },
    'not-in-advance': {
      title: 'Not fetched in advance',
      fetched: NOT_FETCHED,
      advice:
        'This link works once only, so a program may not fetch it ahead of you. Open it yourself.',
    },
    'precondition-failed': {
      title: 'The file is not the version you asked for',
      fetched: NOT_FETCHED,
      advice: 'Start the download again from its beginning.',
    },
    'range-not-satisfiable': {
      title: 'The file has no such part',
      fetched: NOT_FETCHED,
      advice:
        'Your program asked for a part beyond the end of the file; perhaps it has all of it already. If the file is not complete, start again from its beginning.',
    },
    'not-found': {
      title: 'There is nothing here',
      fetched: 'Nothing has been handed out.',
      advice: 'The address is not one of a download. Copy the whole link that you were given.',
    },
    'method-not-allowed': {
      title: 'This address does not take that method',
      fetched: NOT_FETCHED,
      advice: 'The Allow header lists those it takes.',
    },
    'uri-too-long': {
      title: 'This link is too long',
      fetched: NOT_FETCHED,
      advice:
        'Something was added to it on its way to you. Copy the link again, or ask for a new one.',
    },
    'internal-error': {
      title: 'Something went wrong on our side',
      fetched: 'We cannot say whether anything was handed out.',
      advice:
        'Try again. If it stays like this, give the two lines below to whoever sent you the link.',
    },
  },
};

/** The languages there are; the first is for whoever reads none of them. */
export const LANGUAGES: readonly [PageTexts, ...PageTexts[]] = [ENGLISH];

/**
 * The language to answer in.
 * @param accepts as koa's `ctx.acceptsLanguages`: the best of those given for the request (RFC 9110 section
 *   12.5.4, RFC 4647), or false.
 */
export function chooseTexts(
  accepts: (tags: string[]) => string | false,
  languages: readonly [PageTexts, ...PageTexts[]] = LANGUAGES,
): PageTexts {
  const best = accepts(languages.map(({ lang }) => lang));
  return languages.find(({ lang }) => lang === best) ?? languages[0];
}

function clock(at: Date): string {
  return at.toISOString().slice(11, 16);
}

function day(at: Date): string {
  return at.toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
}
