/* What phones record becomes playable everywhere, with its waveform: by the real pair. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inState, openPage, screenshot } from '../harness/browser.mjs';
import { memo, recording } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

test('recordings of two phones become ready, are drawn and play', async (t) => {
  const pair = await startPair(t);
  const page = await openPage(t, pair.url);
  await page.getByLabel('Choose files').setInputFiles([recording(), memo()]);
  for (const name of [basename(recording()), basename(memo())]) {
    const found = await inState(page, name, 'completed');
    await found.locator('.bars').waitFor();
    const length = Number(await found.getByRole('slider').getAttribute('max'));
    assert.ok(length > 1, `${name} is ${length} s long`);
    const type = await found.locator('audio').evaluate(async (element) => {
      element.muted = true;
      await element.play();
      await new Promise((resolve, reject) => {
        element.ontimeupdate = () => element.currentTime > 0.1 && resolve();
        element.onerror = () => reject(new Error(element.error.message));
      });
      element.pause();
      return (await fetch(element.src, { method: 'HEAD' })).headers.get('content-type');
    });
    assert.equal(type, 'audio/mp4');
  }
  await screenshot(page, 'recordings-desktop-light');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});
