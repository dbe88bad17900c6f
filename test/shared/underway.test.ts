// The list of what is under way: whatever comes and goes, in whatever order, it holds exactly what has not gone.
import { expect, it, test } from '@jest/globals';
import { createUnderway, type Place } from '@claimcheck/shared/underway';
import * as fc from 'fast-check';

it('holds what was added and not removed, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 200 }), (steps) => {
      const list = createUnderway<number>();
      const places = new Map<number, Place<number>>();
      for (const thing of steps) {
        const place = places.get(thing);
        if (place === undefined) {
          places.set(thing, list.add(thing));
        } else {
          list.remove(place);
          list.remove(place);
          places.delete(thing);
        }
        expect(list.count()).toBe(places.size);
        expect(new Set(list.all())).toEqual(new Set(places.keys()));
      }
    }),
  );
});

test('what it gives to walk through stays as it was, while things go', () => {
  const list = createUnderway<string>();
  const places = ['a', 'b', 'c'].map((thing) => list.add(thing));
  const seen: string[] = [];
  for (const thing of list.all()) {
    seen.push(thing);
    for (const place of places) list.remove(place);
  }
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(list.all()).toEqual([]);
});
