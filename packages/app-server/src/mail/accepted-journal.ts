// A note on the local disk that the mail server has taken a mail, written in the same turn in which its
// 250 was read and taken away once the database knows. A crash, or a database that is away just then,
// does not send such a mail again; what remains is in ARCHITECTURE.md.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface AcceptedJournal {
  /** Notes it before anything else can happen in this process. */
  note(mailId: string): void;
  has(mailId: string): boolean;
  forget(mailId: string): void;
}

/** One empty file a mail, for milliseconds each: app servers that share DATA_DIR share the notes. */
export function openAcceptedJournal(directory: string): AcceptedJournal {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pathOf = (mailId: string) => join(directory, mailId);
  return {
    note: (mailId) => writeFileSync(pathOf(mailId), '', { mode: 0o600, flush: true }),
    has: (mailId) => existsSync(pathOf(mailId)),
    forget: (mailId) => rmSync(pathOf(mailId), { force: true }),
  };
}
