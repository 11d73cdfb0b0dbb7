import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ratePerSecond,
  rateSecondsLeft,
  rateStands,
  rateStart,
  rateUpdate,
} from '../../../web/ui/src/rate.js';

/* The rate after sending `steps` of [milliseconds, bytes in all]. */
function after(steps) {
  return steps.reduce((rate, [now, sent]) => rateUpdate(rate, sent, now), rateStart(0));
}

test('nothing is claimed before there is something to go by', () => {
  assert.equal(ratePerSecond(rateStart(0)), null);
  assert.equal(rateSecondsLeft(rateStart(0), 1000), null);
  assert.equal(
    ratePerSecond(
      after([
        [500, 4_000_000],
        [1000, 4_000_000],
      ]),
    ),
    null,
    'the first second is buffers',
  );
});

test('an even flow gives its rate and the time for the rest', () => {
  const rate = after([
    [500, 500],
    [1000, 1000],
    [1500, 1500],
    [2000, 2000],
  ]);
  assert.equal(Math.round(ratePerSecond(rate)), 1000);
  assert.equal(Math.round(rateSecondsLeft(rate, 10_000)), 8);
});

test('samples that come too quickly are left for the next one', () => {
  const first = after([[500, 500]]);
  assert.equal(rateUpdate(first, 600, 510), first);
});

test('one hiccup moves the rate, but does not throw it over', () => {
  const steady = Array.from({ length: 20 }, (_, index) => [(index + 1) * 500, (index + 1) * 500]);
  const rate = ratePerSecond(after([...steady, [10_500, 10_000]]));
  assert.ok(rate > 800 && rate < 1000, `${rate} after half a second of silence`);
});

test('silence in the end means no promise at all, not a division by zero', () => {
  const rate = { ...rateStart(0), at: 60_000, perSecond: 0 };
  assert.equal(rateSecondsLeft(rate, 1000), null);
});

test('a rate of long ago is recognised as such', () => {
  const rate = after([[500, 500]]);
  assert.equal(rateStands(rate, 5500), false, 'five seconds may pass');
  assert.equal(rateStands(rate, 5501), true);
});
