import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../../web/ui/src/store.js';

function fakeStorage(first = null) {
  let value = first;
  return {
    getItem: () => value,
    setItem: (_, text) => {
      value = text;
    },
  };
}

const upload = (id) => ({ id, name: `${id}.jpg`, size: 1, kind: 'photo', file: 'never stored' });

test('the newest comes first, once, and only what is needed is kept', () => {
  const store = createStore(fakeStorage());
  for (const id of ['a', 'b', 'a']) store.add(upload(id));
  assert.deepEqual(
    store.list().map(({ id }) => id),
    ['a', 'b'],
  );
  assert.deepEqual(Object.keys(store.list()[0]), ['id', 'name', 'size', 'kind']);
  store.remove('a');
  assert.deepEqual(
    store.list().map(({ id }) => id),
    ['b'],
  );
});

test('the list is bounded', () => {
  const store = createStore(fakeStorage());
  for (let index = 0; index < 100; index += 1) store.add(upload(`u${index}`));
  assert.equal(store.list().length, 60);
  assert.equal(store.list()[0].id, 'u99');
});

test('broken or missing storage is an empty list, never a broken page', () => {
  for (const text of ['', '{', '{}', 'null', '[1,null,{"id":7}]'])
    assert.deepEqual(createStore(fakeStorage(text)).list(), [], text);
  const store = createStore(null);
  store.add(upload('a'));
  assert.deepEqual(store.list(), []);
});
