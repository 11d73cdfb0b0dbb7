/* What the server does not take fails with the server's own sentence, and the other files go on. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inState, openPage, screenshot } from '../harness/browser.mjs';
import { longRecording, photo, written } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

test('a text renamed to .mp4 fails with a sentence, a photo beside it is kept', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  const answered = page.waitForResponse(
    (response) => response.request().method() === 'POST' && !response.ok(),
  );
  await page
    .getByLabel('Choose files')
    .setInputFiles([written('holiday.mp4', 'Dear diary, this is no video.\n'), photo()]);
  const problem = await (await answered).json();

  const found = await inState(page, 'holiday.mp4', 'failed');
  assert.ok(problem.detail.length > 10, 'the server gives a sentence');
  await found.getByText(`Failed: ${problem.detail}`).waitFor();
  await found.getByText(`Request ${problem.request_id}`).waitFor();
  assert.equal(
    await found.getByRole('button', { name: /^Retry/ }).count(),
    0,
    'the same bytes would fail again',
  );
  await inState(page, basename(photo()), 'completed');
  await screenshot(page, 'one-refused-desktop-light');

  await found.getByRole('button', { name: /^Take off the list/ }).click();
  await found.waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('a file over the limit is refused with a sentence while it is still being sent', async (t) => {
  const pair = await startPair(t, { transcoder: false, webEnv: { MAX_AUDIO_SIZE: '1M' } });
  const page = await openPage(t, pair.url);
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByLabel('Choose files').setInputFiles(longRecording('endless.wav', 40));
  const answer = await answered;
  assert.equal(answer.status(), 413);
  const found = await inState(page, 'endless.wav', 'failed');
  await found.getByText(`Failed: ${(await answer.json()).detail}`).waitFor();
  assert.equal(
    await found.getByRole('button', { name: /^Retry/ }).count(),
    0,
    'it would be too large again',
  );
});
