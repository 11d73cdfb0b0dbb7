/* Without a transcoder a video is safe and waits; with one it becomes ready. A reload in between
   loses nothing. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inState, openPage } from '../harness/browser.mjs';
import { iphone } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

test('a video waits for a transcoder, also across a reload, and then becomes ready', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  const name = basename(iphone());
  await page.getByLabel('Choose files').setInputFiles(iphone());
  await (await inState(page, name, 'pending')).getByText('Waiting for preparation').waitFor();

  await page.reload();
  await (await inState(page, name, 'pending')).getByText('Waiting for preparation').waitFor();
  assert.equal(await page.locator('.card').count(), 1);

  pair.startTranscoder();
  const found = await inState(page, name, 'completed', 300_000);
  await found.getByText('Ready', { exact: true }).waitFor();
  await found.locator('video').waitFor();

  await page.reload();
  await (await inState(page, name, 'completed')).locator('video').waitFor();

  await page.getByRole('button', { name: /^Take off the list/ }).click();
  await page.reload();
  await page.getByLabel('Choose files').waitFor({ state: 'attached' });
  assert.equal(await page.locator('.card').count(), 0, 'what was taken off the list stays off');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});
