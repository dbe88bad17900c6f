// Who waits for which log line of nginx. A line settles at most one response, once: a line that comes again, or
// late, or for somebody else, finds nobody and changes nothing, so a lost or repeated one never adds to a budget.
import { randomBytes } from 'node:crypto';
import type { FrontLogLine } from './offload-log.js';

export interface Expectation {
  /** Random, 128 bits; the answer carries it through nginx into its log. */
  responseId: string;
  /** The line, or undefined when it has been given up. */
  line: Promise<FrontLogLine | undefined>;
  /** Gives it up after so many milliseconds. */
  waitAtMost(milliseconds: number): void;
  giveUp(): void;
}

export interface LineExpectations {
  /** Undefined when somebody waits for that request already, since one line cannot tell them apart. */
  expect(requestId: string): Expectation | undefined;
  /** Hands a line to whoever waits for it. */
  arrive(line: FrontLogLine): void;
}

export function createLineExpectations(): LineExpectations {
  const waiting = new Map<string, (line: FrontLogLine | undefined) => void>();
  return {
    expect(requestId) {
      if (waiting.has(requestId)) return undefined;
      let timer: NodeJS.Timeout | undefined;
      const line = new Promise<FrontLogLine | undefined>((resolve) => {
        waiting.set(requestId, (arrived) => {
          waiting.delete(requestId);
          clearTimeout(timer);
          resolve(arrived);
        });
      });
      const own = waiting.get(requestId);
      const giveUp = () => {
        if (waiting.get(requestId) === own) own?.(undefined);
      };
      return {
        responseId: randomBytes(16).toString('base64url'),
        line,
        waitAtMost: (milliseconds) => {
          timer = setTimeout(giveUp, milliseconds).unref();
        },
        giveUp,
      };
    },
    arrive: (line) => waiting.get(line.requestId)?.(line),
  };
}
