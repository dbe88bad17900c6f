// Questions that come at about the same time, asked in one call. It waits until the event loop has heard all that
// has arrived, and for the call before it, so a busy server asks rarely and much, and a quiet one at once. Of what is
// asked and answered it knows nothing.

export interface GatherOptions<Q, A> {
  /** Asks them all; the answers come in the order of the questions. */
  ask: (questions: readonly Q[]) => Promise<readonly A[]>;
  /** The most questions of one call. */
  most: number;
}

interface Waiting<Q, A> {
  question: Q;
  resolve: (answer: A) => void;
  reject: (error: unknown) => void;
}

/**
 * Returns a function to ask a question with. All questions of a call reject with what the call rejects with, and
 * none is asked again. Calls follow each other in order, as do the questions in them.
 */
export function gatherCalls<Q, A>({ ask, most }: GatherOptions<Q, A>): (question: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  /** A call is under way, or will be as soon as the event loop comes to it. */
  let busy = false;

  async function call(): Promise<void> {
    const asked = waiting.length > most ? waiting.splice(0, most) : waiting;
    if (asked === waiting) waiting = [];
    try {
      const answers = await ask(asked.map(({ question }) => question));
      if (answers.length !== asked.length) throw new Error('not every question was answered');
      for (const [i, { resolve }] of asked.entries()) resolve(answers[i] as A);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
    if (waiting.length > 0) callSoon();
    else busy = false;
  }

  /** It never rejects. */
  const callSoon = () => void setImmediate(() => void call());

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (busy) return;
      busy = true;
      callSoon();
    });
}
