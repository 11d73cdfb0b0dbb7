import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsOf, barsPath } from '../../../web/ui/src/peaks.js';

test('bars are the loudest of what they stand for, the loudest of all being 1', () => {
  const rows = [
    [{ data: [-10, 5, 0, 20] }, 2, [0.5, 1], 'a bar a pair'],
    [{ data: [-10, 5, 0, 20, -40, 0, 1, 1] }, 2, [0.5, 1], 'two pairs a bar'],
    [{ data: [-10, 10] }, 72, [1], 'fewer pairs than bars'],
    [{ data: [0, 0, 0, 0] }, 2, [0, 0], 'silence'],
    [{ data: [] }, 72, [], 'nothing'],
    [{ data: [-128, 127, 0, 64, 0, 32] }, 2, [1, 0.5], 'pairs that cannot be shared out evenly'],
  ];
  for (const [wave, count, expected, what] of rows)
    assert.deepEqual(barsOf(wave, count), expected, what);
});

test('each bar is a stroke about the middle, silence a dot', () => {
  assert.equal(barsPath([1, 0]), 'M0.5 0.040v0.920M1.5 0.499v0.002');
});
