import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNews, newsKey, newsMessage } from '../../../web/ui/src/news.js';

const sending = (sent) => ({ key: 1, name: 'a.mp4', phase: 'sending', sent, size: 100 });

test('growth is news at every quarter only', () => {
  assert.equal(newsKey(sending(1)), newsKey(sending(24)));
  assert.notEqual(newsKey(sending(24)), newsKey(sending(25)));
  assert.notEqual(newsKey(sending(25)), newsKey({ ...sending(25), phase: 'checking' }));
});

test('many pieces of news are counted in the end', () => {
  assert.equal(newsMessage(['a.', 'b.']), 'a. b.');
  assert.equal(newsMessage(['a.', 'b.', 'c.', 'd.', 'e.', 'f.']), 'a. b. c. d. And 2 more.');
});

test('several changes of one item in a moment are told once, with the last', (t, done) => {
  const news = createNews((message) => {
    assert.equal(message, 'a.mp4: Ready.');
    done();
  });
  const item = sending(0);
  news.watch([item]);
  Object.assign(item, { phase: 'kept', upload: { status: 'completed' } });
  news.watch([item]);
  news.watch([item]);
});

test('an item from an earlier visit is silent until it changes', (t, done) => {
  const told = [];
  const news = createNews((message) => told.push(message));
  const old = { key: 1, name: 'old.mp4', phase: 'kept', upload: null, earlier: true };
  news.watch([old]);
  old.upload = { status: 'pending' };
  news.watch([old]);
  old.upload = { status: 'completed' };
  news.watch([old]);
  createNews(() => {
    assert.deepEqual(told, ['old.mp4: Ready.']);
    done();
  }).add('end', 'end');
});
