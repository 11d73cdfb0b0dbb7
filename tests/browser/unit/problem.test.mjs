import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, problemOf } from '../../../web/ui/src/problem.js';

const header = (values) => (name) => values[name] ?? null;
const none = header({});

test("the server's own sentence is what people read", () => {
  const text = JSON.stringify({ detail: 'The disk is full.', code: 'no_space', request_id: 'r1' });
  const problem = problemOf(507, header({ 'Retry-After': '30', 'X-Request-Id': 'r2' }), text, 0);
  assert.deepEqual(problem, {
    status: 507,
    code: 'no_space',
    detail: 'The disk is full.',
    requestId: 'r1',
    retryAfterMs: 30_000,
  });
});

test('an error about one field is better than none', () => {
  assert.equal(
    problemOf(422, none, '{"errors":[{"field":"entry","detail":"No such name."}]}', 0).detail,
    'No such name.',
  );
});

test('anything else that answers still ends in a sentence', () => {
  for (const text of [
    '',
    '<html>502 Bad Gateway</html>',
    '[]',
    'null',
    '{"detail":7}',
    '{"errors":[null]}',
  ]) {
    const problem = problemOf(502, header({ 'X-Request-Id': 'r2' }), text, 0);
    assert.match(problem.detail, /^The server .*\.$/, text);
    assert.equal(problem.requestId, 'r2', text);
  }
  assert.match(problemOf(418, none, '', 0).detail, /did not accept/);
  assert.match(problemOf(599, none, '', 0).detail, /fault of its own/);
});

test('a success that is not ours is no success', () => {
  for (const text of [
    '',
    '<html>Welcome to our hotel</html>',
    '{}',
    '[]',
    '{"id":1,"status":"pending"}',
    '{"id":"a"}',
  ]) {
    assert.equal(answerOf(text), null, text);
  }
  assert.equal(answerOf('{"id":"a","status":"pending"}').id, 'a');
});

test('what the page shows comes from where the page came from, a link to pass on does not', () => {
  const path = '/media/log_entries/42/a-photo.png';
  for (const base of ['', 'https://example.org', 'https://example.org/media/x']) {
    const upload = answerOf(
      JSON.stringify({ id: 'a', status: 'completed', media_url: base + path, poster_url: null }),
    );
    assert.equal(upload.media_url, path);
    assert.equal(upload.link, base + path);
    assert.equal(upload.poster_url, null);
  }
});
