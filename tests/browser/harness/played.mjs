/*
 * A transcoder played by the story: it claims a job and brings back what the story wants it to have
 * made, so that the page can be looked at with results that are the same every time.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { until } from './until.mjs';

/* Of metadata: the words for the files, by form field. */
const FIELDS = {
  video_file: ['video', 'video/mp4'],
  audio_file: ['audio', 'audio/mp4'],
  poster_file: ['poster', 'image/jpeg'],
  storyboard_file: ['storyboard', 'image/jpeg'],
  storyboard_vtt: ['storyboard_vtt', 'text/vtt'],
  waveform_file: ['waveform', 'application/json'],
};

/* BLAKE2b-256 as the contract writes it; coreutils know it, node does not. */
function digest(bytes) {
  const [hex] = execFileSync('b2sum', ['-l', '256', '-'], { input: bytes }).toString().split(' ');
  return `blake2b-256=:${Buffer.from(hex, 'hex').toString('base64')}:`;
}

function post(pair, path, body, headers = {}) {
  return fetch(pair.url + path, {
    method: 'POST',
    body,
    headers: { Authorization: `Bearer ${pair.token}`, ...headers },
  });
}

const say = (pair, path, value) =>
  post(pair, path, JSON.stringify(value), { 'Content-Type': 'application/json' });

/* The next job; waits until there is one. */
export async function claim(pair) {
  let job = null;
  await until('there is a job to claim', async () => {
    const answer = await say(pair, '/api/transcoding/jobs/claim', {
      worker: 'a story',
      wait_seconds: 5,
    });
    assert.ok([200, 204].includes(answer.status), `a claim is answered ${answer.status}`);
    if (answer.status === 200) job = await answer.json();
    return job;
  });
  return job;
}

export async function fail(pair, { job_id, lease_token }, error) {
  const answer = await say(pair, `/api/transcoding/jobs/${job_id}/fail`, {
    lease_token,
    error,
    retryable: false,
  });
  assert.equal(answer.status, 204);
}

/* `files`: paths by form field; `told` is the rest of metadata. */
export async function deliver(pair, job, files, told) {
  const form = new FormData();
  const metadata = {
    source_duration: told.duration,
    width: 0,
    height: 0,
    has_audio: true,
    losses: [],
    operation: 'encode',
    ...told,
  };
  const bytes = Object.fromEntries(
    Object.entries(files).map(([field, path]) => [field, readFileSync(path)]),
  );
  for (const [field, content] of Object.entries(bytes)) {
    metadata[`${FIELDS[field][0]}_digest`] = digest(content);
    metadata[`${FIELDS[field][0]}_size`] = content.length;
  }
  for (const field of ['log_entry_media_id', 'job_id', 'lease_token']) form.set(field, job[field]);
  form.set('metadata', JSON.stringify(metadata));
  for (const [field, content] of Object.entries(bytes))
    form.set(field, new Blob([content], { type: FIELDS[field][1] }), basename(files[field]));
  const answer = await post(pair, '/api/transcoding/upload/', form);
  const value = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(value));
  return value.media;
}
