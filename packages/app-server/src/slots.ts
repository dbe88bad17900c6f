// A bounded number of tasks at a time, each begun as soon as a slot is free: one slow mail or webhook
// holds its own slot, and not those behind it.

export interface Slots {
  /**
   * How many tasks could begin now.
   * @throws what a task has failed with since it was last asked.
   */
  free(): number;
  /** Begins a task; only as many as were free. */
  begin(task: () => Promise<void>): void;
  /** Resolves when no task runs; their failures are dropped. */
  settle(): Promise<void>;
}

export function createSlots(count: number): Slots {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  return {
    free: () => {
      if (failures.length > 0) throw failures.splice(0)[0];
      return count - running.size;
    },
    begin: (task) => {
      const run = task()
        .catch((error: unknown) => void failures.push(error))
        .finally(() => running.delete(run));
      running.add(run);
    },
    settle: async () => {
      await Promise.all(running);
    },
  };
}
