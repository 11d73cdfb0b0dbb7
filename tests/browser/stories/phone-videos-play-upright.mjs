/* The reason for all of it: a phone's video, put in at the browser, comes back and plays the
   right way up. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inState, openPage, screenshot } from '../harness/browser.mjs';
import { android, iphone } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

/* Plays the video for a moment and reports what came of it. */
async function watched(found) {
  const video = found.locator('video');
  await video.scrollIntoViewIfNeeded();
  return video.evaluate(async (element) => {
    element.muted = true;
    await element.play();
    await new Promise((resolve, reject) => {
      element.ontimeupdate = () => element.currentTime > 0.2 && resolve();
      element.onended = resolve;
      element.onerror = () => reject(new Error(element.error.message));
    });
    element.pause();
    return {
      error: element.error?.message ?? null,
      upright: element.videoHeight > element.videoWidth,
      poster: await new Promise((resolve) => {
        const image = new Image();
        image.onload = () =>
          resolve(image.naturalHeight > image.naturalWidth ? 'upright' : 'lying');
        image.onerror = () => resolve('missing');
        image.src = element.poster;
      }),
    };
  });
}

test('videos of two phones become ready and play upright in the page', async (t) => {
  const pair = await startPair(t);
  const page = await openPage(t, pair.url);
  const paths = [iphone(), android()];
  await page.getByLabel('Choose files').setInputFiles(paths);
  for (const path of paths) {
    const found = await inState(page, basename(path), 'completed', 300_000);
    assert.deepEqual(
      await watched(found),
      { error: null, upright: true, poster: 'upright' },
      basename(path),
    );
  }
  await screenshot(page, 'videos-ready-desktop-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await screenshot(page, 'videos-ready-desktop-dark');
  await page.setViewportSize({ width: 390, height: 844 });
  await screenshot(page, 'videos-ready-phone-dark');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});
