/* Small screens, both colour schemes, assistive technology, no JavaScript. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { axeFindsNothing } from '../harness/axe.mjs';
import { inState, isKept, openPage, screenshot } from '../harness/browser.mjs';
import { iphone, photo, recording, written } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

const LONG = `${'a-very-long-name-that-somebody-gave-it-'.repeat(4)}end.mp4`;

/* One item of every kind of card. */
async function filled(page) {
  await page
    .getByLabel('Choose files')
    .setInputFiles([photo(), recording(), iphone(), written(LONG, 'no video')]);
  await inState(page, basename(photo()), 'completed');
  await isKept(page, basename(recording()));
  await inState(page, basename(iphone()), 'pending');
  await inState(page, LONG, 'failed');
}

test('axe finds nothing to complain about, empty and filled, light and dark', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await page.getByLabel('Choose files').waitFor({ state: 'attached' });
  await axeFindsNothing(page, 'when empty');
  await screenshot(page, 'empty-desktop-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await screenshot(page, 'empty-desktop-light');
  await filled(page);
  await axeFindsNothing(page, 'when filled');
  await screenshot(page, 'mixed-desktop-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await screenshot(page, 'mixed-desktop-light');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('nothing sticks out of a screen of 320 pixels', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url, {
    viewport: { width: 320, height: 640 },
    hasTouch: true,
    isMobile: true,
  });
  await screenshot(page, 'empty-phone-light');
  await filled(page);
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: document.documentElement.clientWidth,
  }));
  assert.ok(content <= screen, `${content} pixels of content on ${screen} pixels of screen`);
  const small = await page.$$eval(
    '.button',
    (buttons) => buttons.filter((button) => button.offsetHeight < 44).length,
  );
  assert.equal(small, 0, 'every button is large enough for a thumb');
  await screenshot(page, 'mixed-phone-light');
});

test('without JavaScript the page says what it needs', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url, { javaScriptEnabled: false });
  assert.match(await page.locator('.notice').innerText(), /needs JavaScript/);
});

test('the page is small, compressed and cached as its headers promise', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const index = await fetch(pair.url);
  const policy = index.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  const script = /src="(\/assets\/app-[0-9a-f]+\.js)"/.exec(await index.text())[1];
  const answer = await fetch(pair.url + script, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  assert.match(answer.headers.get('cache-control'), /immutable/);
  assert.ok(Number(answer.headers.get('content-length')) < 18 * 1024, 'the script is under 18 KB');
});
