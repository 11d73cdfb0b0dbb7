import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askDelay, retryable, retryAfter, retryDelay } from '../../../web/ui/src/backoff.js';

test('only what may pass by itself is tried again by itself', () => {
  for (const status of [0, 408, 429, 500, 502, 503, 504, 507])
    assert.equal(retryable(status), true, `${status} passes`);
  for (const status of [400, 401, 403, 404, 409, 411, 413, 415, 422])
    assert.equal(retryable(status), false, `${status} stays`);
});

test('Retry-After is understood in both forms and kept within reason', () => {
  const now = Date.parse('2026-05-04T10:00:00Z');
  const rows = [
    [null, null],
    ['', null],
    ['soon', null],
    ['0', 0],
    [' 120 ', 120_000],
    ['Mon, 04 May 2026 10:00:30 GMT', 30_000],
    ['Mon, 04 May 2026 09:00:00 GMT', 0],
    ['99999999', 3_600_000],
  ];
  for (const [value, ms] of rows) assert.equal(retryAfter(value, now), ms, `Retry-After: ${value}`);
});

test('pauses double up to a minute, never undercut the server, and spread by a fifth', () => {
  const rows = [
    [1, null, 0, 1000],
    [2, null, 0, 2000],
    [5, null, 0, 16_000],
    [7, null, 0, 60_000],
    [500, null, 0, 60_000],
    [1, null, 1, 1200],
    [1, 30_000, 0, 30_000],
    [7, 5000, 0, 60_000],
  ];
  for (const [failures, asked, chance, ms] of rows) {
    assert.equal(
      retryDelay(failures, asked, chance),
      ms,
      `failure ${failures}, asked ${asked}, chance ${chance}`,
    );
  }
});

test('questions come every second at first, then less often, but always come', () => {
  const rows = [
    [{}, 1000, 'at first'],
    [{ unchangedMs: 60_000 }, 3000, 'after a minute without change'],
    [{ unchangedMs: 86_400_000 }, 10_000, 'after a day without change'],
    [{ following: 20 }, 4000, 'twenty uploads share five questions a second'],
    [{ hidden: true }, 15_000, 'when nobody looks'],
    [{ failures: 1 }, 1000, 'after a lost question'],
    [{ failures: 3 }, 4000, 'after three'],
    [{ failures: 1, asked: 30_000 }, 30_000, 'when the server asks for half a minute'],
    [{ failures: 1, asked: 3_600_000 }, 60_000, 'when the server asks for an hour'],
    [{ failures: 1000, hidden: true }, 10_000, 'when the server has been away for long'],
  ];
  for (const [change, ms, when] of rows) {
    assert.equal(
      askDelay({ failures: 0, unchangedMs: 0, hidden: false, following: 1, ...change }),
      ms,
      when,
    );
  }
});
