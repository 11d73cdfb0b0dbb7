import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPixels } from '../../../web/ui/src/hash.js';

test('a thumbhash becomes pixels of about the picture’s shape', () => {
  const { w, h, rgba } = hashPixels('3OcRJYB4d3h/iIeHeEh3eIhw+j3A');
  assert.equal(rgba.length, w * h * 4);
  assert.ok(Math.max(w, h) === 32 && Math.min(w, h) > 10, `${w} × ${h}`);
});

test('what is no thumbhash is nothing', () => {
  for (const text of [null, undefined, '', 'not base64!']) assert.equal(hashPixels(text), null);
});
