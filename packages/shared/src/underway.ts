// Things that are under way, each for a short time: requests, answers, downloads. A list and not a Set: one that is
// added to and deleted from for ever makes a new table every few entries, and V8 chains the tables together, so that
// once an old one has been promoted, all that stood in any of them stays in memory until the next major collection
// (measured: 10 KB a request, a fifth of its garbage collection).

/** The place of one thing in the list; whoever has it can take the thing out. */
export interface Place<T> {
  readonly thing: T;
  /** Where it stands, or -1 once it was taken out. */
  at: number;
}

export interface Underway<T> {
  add(thing: T): Place<T>;
  /** Does nothing the second time. */
  remove(place: Place<T>): void;
  count(): number;
  /** What is under way now, in no order; a list of its own, which may be walked while things come and go. */
  all(): T[];
}

export function createUnderway<T>(): Underway<T> {
  const places: Place<T>[] = [];
  return {
    add(thing) {
      const place = { thing, at: places.length };
      places.push(place);
      return place;
    },
    remove(place) {
      if (places[place.at] !== place) return;
      const last = places.pop();
      // Whatever stood last takes the place that became free.
      if (last !== undefined && last !== place) {
        places[place.at] = last;
        last.at = place.at;
      }
      place.at = -1;
    },
    count: () => places.length,
    all: () => places.map(({ thing }) => thing),
  };
}
