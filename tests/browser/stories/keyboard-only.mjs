/* Everything can be done without a pointer, and the focus is always somewhere that makes sense. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inState, openPage } from '../harness/browser.mjs';
import { heic, photo } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.innerText ?? element.innerText;
    const outlined = element.labels?.[0] ?? element;
    return { text: label?.trim() ?? '', outline: getComputedStyle(outlined).outlineStyle };
  });

async function tabTo(page, pattern) {
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press('Tab');
    const { text, outline } = await focused(page);
    if (!pattern.test(text)) continue;
    assert.notEqual(outline, 'none', `the focus on "${text}" can be seen`);
    return;
  }
  assert.fail(`Tab never reaches ${pattern}`);
}

test('files are chosen, linked and taken off the list with the keyboard alone', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  /* Before the first key, as the browser needs a moment to hand its dialogs over. */
  const choosing = page.waitForEvent('filechooser');

  await tabTo(page, /^Choose files/);
  await page.keyboard.press('Enter');
  await (await choosing).setFiles([photo(), heic()]);
  await inState(page, basename(photo()), 'completed');
  await inState(page, basename(heic()), 'completed');

  await tabTo(page, /^Download/);
  await tabTo(page, /^Copy link/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Copied|^Not copied/ }).waitFor();

  await tabTo(page, /^Take off the list/);
  await page.keyboard.press('Space');
  await page.waitForFunction(() => document.querySelectorAll('.card').length === 1);
  await page.waitForFunction(() => document.activeElement !== document.body, null, {
    polling: 'raf',
  });
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});
