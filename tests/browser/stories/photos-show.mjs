/* What needs no preparation is there at once, together with its link and its download. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { card, drop, inState, openPage, screenshot } from '../harness/browser.mjs';
import { dropped, heic, photo } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

test('several files are dropped at once: each shows, or says that it cannot', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await drop(page, [
    dropped(photo(), 'image/jpeg'),
    { ...dropped(heic(), 'image/heic'), name: 'from a phone.heic' },
  ]);

  const shown = await inState(page, basename(photo()), 'completed');
  const image = shown.getByRole('img', { name: `Photo ${basename(photo())}` });
  await image.scrollIntoViewIfNeeded();
  await page.waitForFunction(
    (element) => element.complete && element.naturalWidth > 0,
    await image.elementHandle(),
  );

  const tile = await inState(page, 'from a phone.heic', 'completed');
  await tile.getByText('This browser cannot show it').waitFor();
  assert.equal(await tile.getByRole('link', { name: /^Download/ }).count(), 1);

  await screenshot(page, 'several-files-desktop-light');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('download gives back the very bytes, and the link that is copied leads to them', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByLabel('Choose files').setInputFiles(photo());
  const found = await inState(page, basename(photo()), 'completed');

  const waiting = page.waitForEvent('download');
  await found.getByRole('link', { name: /^Download/ }).click();
  const download = await waiting;
  assert.deepEqual(readFileSync(await download.path()), readFileSync(photo()));

  await found.getByRole('button', { name: /^Copy link/ }).click();
  await found.getByRole('button', { name: /^Copied/ }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const answer = await fetch(link);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'image/jpeg');
});

test('the link can be copied on plain http, without a clipboard interface', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  const copied = page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('copy', () =>
          resolve(document.getSelection().toString() || document.activeElement.value),
        );
      }),
  );
  await page.getByLabel('Choose files').setInputFiles(photo());
  const found = await inState(page, basename(photo()), 'completed');
  await found.getByRole('button', { name: /^Copy link/ }).click();
  assert.ok((await copied).startsWith(`${pair.url}/media/`));
  await found.getByRole('button', { name: /^Copied/ }).waitFor();
});

test('a picture pasted into the page is sent under a name that tells when', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  }, readFileSync(photo()).toString('base64'));
  await page.locator('.card[data-state="completed"]').waitFor();
  assert.match(
    await page.locator('.card h3').innerText(),
    /^Pasted \d{4}-\d\d-\d\d \d\d-\d\d-\d\d\.png$/,
  );
  assert.equal(await card(page, 'image.png').count(), 0);
});
