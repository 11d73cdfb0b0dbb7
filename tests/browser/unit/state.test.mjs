import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canSendAgain,
  kindOf,
  percentOf,
  settled,
  stateOf,
  troubled,
  unsent,
} from '../../../web/ui/src/state.js';

const file = { name: 'a.mp4' };
const kept = (status, more) => ({ phase: 'kept', upload: { status, ...more } });

test('what the server says counts once it keeps the file', () => {
  assert.equal(stateOf({ phase: 'sending' }), 'sending');
  assert.equal(stateOf({ phase: 'kept', upload: null }), 'asking');
  assert.equal(stateOf(kept('processing')), 'processing');
});

test('leaving the page is a loss until the server keeps the file', () => {
  for (const phase of ['waiting', 'sending', 'checking', 'retrying'])
    assert.ok(unsent({ phase }), phase);
  for (const phase of ['kept', 'failed', 'cancelled']) assert.ok(!unsent({ phase }), phase);
});

test('only a last word settles an item', () => {
  for (const status of ['pending', 'validating', 'processing'])
    assert.ok(!settled(kept(status)), status);
  for (const status of ['completed', 'failed']) assert.ok(settled(kept(status)), status);
  assert.ok(!settled({ phase: 'kept', upload: null }), 'not asked yet');
});

test('percentages stay between 0 and 100 whatever arrives', () => {
  const rows = [
    [kept('processing', { progress_percentage: 140 }), 100],
    [kept('processing', { progress_percentage: -3 }), 0],
    [kept('processing', { progress_percentage: 'x' }), null],
    [kept('pending', { progress_percentage: 40 }), null],
    [{ phase: 'sending', sent: 999, size: 1000 }, 99],
    [{ phase: 'sending', sent: 0, size: 0 }, null],
  ];
  for (const [item, percent] of rows) assert.equal(percentOf(item), percent, JSON.stringify(item));
});

test('Retry is offered where it may help', () => {
  const failed = (status, more) => ({ file, phase: 'failed', problem: { status }, ...more });
  for (const status of [400, 413, 415, 422])
    assert.ok(!canSendAgain(failed(status)), `${status} would come again`);
  for (const status of [0, 401, 403, 409])
    assert.ok(canSendAgain(failed(status)), `${status} may be different next time`);
  assert.ok(canSendAgain({ file, ...kept('failed') }), 'preparation may work the next time');
  assert.ok(
    !canSendAgain(failed(0, { file: null })),
    'after a reload the file is no longer at hand',
  );
  assert.ok(canSendAgain({ file, phase: 'cancelled' }), 'a person may change their mind');
});

test('one lost question is no trouble yet', () => {
  assert.ok(!troubled({ phase: 'kept', failures: 1 }));
  assert.ok(troubled({ phase: 'kept', failures: 2 }));
});

test('the kind is guessed from the type, else from the name', () => {
  const rows = [
    [{ type: 'image/jpeg' }, 'photo'],
    [{ type: 'video/quicktime' }, 'video'],
    [{ type: 'audio/mp4' }, 'audio'],
    [{ name: 'IMG_1.HEIC' }, 'photo'],
    [{ name: 'memo.m4a' }, 'audio'],
    [{ name: 'clip.mts' }, 'video'],
    [{ name: 'x' }, 'video'],
  ];
  for (const [given, kind] of rows) assert.equal(kindOf(given), kind, JSON.stringify(given));
});
