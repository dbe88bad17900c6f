// A ledger that keeps account of a claim's bytes from outside: what was paid, what was given back, what was
// sent. It can lose settlements, as the crash of a server loses them: paid, perhaps sent, and never told.
import type { Ledger } from '@claimcheck/shared/ledger';

export interface Account {
  /** Body bytes that servers handed over, told or not. */
  sent: number;
  /** What the budget must have left the ledger with, by our own count. */
  spent: number;
  /** How many settlements were lost. */
  lost: number;
}

export interface AccountingLedger extends Ledger {
  accountOf(nonce: string): Account;
  /** From now on this claim's settlements are lost, or reach the ledger again. */
  loseSettlements(nonce: string, lose: boolean): void;
  /** Resolves when no response of the claim is open. */
  quiet(nonce: string): Promise<void>;
}

interface Book extends Account {
  open: number;
  losing: boolean;
  waiting: (() => void)[];
}

export function keepAccounts(ledger: Ledger): AccountingLedger {
  const books = new Map<string, Book>();
  const bookOf = (nonce: string): Book => {
    const book = books.get(nonce) ?? {
      sent: 0,
      spent: 0,
      lost: 0,
      open: 0,
      losing: false,
      waiting: [],
    };
    books.set(nonce, book);
    return book;
  };
  return {
    ...ledger,
    openResponse: async (request) => {
      const grant = await ledger.openResponse(request);
      if ('paidBytes' in grant) {
        const book = bookOf(request.nonce);
        book.open += 1;
        book.sent += grant.paidBytes;
        book.spent += grant.paidBytes;
      }
      return grant;
    },
    pay: async (payment) => {
      const answer = await ledger.pay(payment);
      if ('paidBytes' in answer) {
        const book = bookOf(payment.nonce);
        book.sent += answer.paidBytes;
        book.spent += answer.paidBytes;
      }
      return answer;
    },
    settle: async (settlement) => {
      const book = bookOf(settlement.nonce);
      book.sent -= settlement.refundBytes;
      if (book.losing) {
        book.lost += 1;
      } else {
        await ledger.settle(settlement);
        book.spent -= settlement.refundBytes;
      }
      book.open -= 1;
      if (book.open === 0) for (const wake of book.waiting.splice(0)) wake();
    },
    accountOf: (nonce) => ({ ...bookOf(nonce) }),
    loseSettlements: (nonce, lose) => void (bookOf(nonce).losing = lose),
    quiet: (nonce) =>
      new Promise((resolve) => {
        const book = bookOf(nonce);
        if (book.open === 0) resolve();
        else book.waiting.push(resolve);
      }),
  };
}
