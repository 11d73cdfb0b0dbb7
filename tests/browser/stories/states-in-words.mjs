/* The answers of the server are held still here, so that each state stays on the page as long as
   one likes to look. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { inState, openPage, screenshot } from '../harness/browser.mjs';
import { axeFindsNothing } from '../harness/axe.mjs';
import { iphone, photo } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';

const held = new WeakMap(); // page → what is changed in every answer

/* What the server is to say about every upload from now on. One route stays for good: Playwright
   may switch interception off when a route that answers just then is taken away, and with it the
   one put in its place. */
async function heldStill(page, change) {
  const first = !held.has(page);
  held.set(page, change);
  if (!first) return;
  await page.route('**/api/uploads/*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), ...held.get(page) } });
  });
}

async function withVideo(t) {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await page.getByLabel('Choose files').setInputFiles(iphone());
  await inState(page, basename(iphone()), 'pending');
  return { pair, page, name: basename(iphone()) };
}

test('preparation is told with its percentage, failure with its reason', async (t) => {
  const { page, name } = await withVideo(t);
  await heldStill(page, { status: 'processing', progress_percentage: 40, stage: 'encode' });
  const found = await inState(page, name, 'processing');
  await found.getByText('Being prepared, 40 %').waitFor();
  assert.equal(await found.getByRole('progressbar').getAttribute('value'), '40');
  await screenshot(page, 'being-prepared-desktop-light');
  await axeFindsNothing(page, 'while a video is being prepared');

  await heldStill(page, { status: 'failed', error: 'The video is damaged and could not be read.' });
  const failed = await inState(page, name, 'failed');
  await failed.getByText('Failed: The video is damaged and could not be read.').waitFor();
  await failed.getByRole('button', { name: /^Retry/ }).waitFor();
  await axeFindsNothing(page, 'when a video has failed');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('a file that is being looked at is said to be, and what it lacks at once', async (t) => {
  const { page, name } = await withVideo(t);
  await heldStill(page, { status: 'validating', progress_percentage: 0 });
  const found = await inState(page, name, 'validating');
  await found.getByText('Checking the file…').waitFor();
  assert.equal(await found.getByRole('progressbar', { name: `${name}: checked` }).count(), 1);
  await axeFindsNothing(page, 'while a file is being checked');
  await heldStill(page, { status: 'failed', error: 'The file holds no picture and no sound.' });
  const failed = await inState(page, name, 'failed');
  await failed.getByText('Failed: The file holds no picture and no sound.').waitFor();
});

test('changes are read out once, with the name of the file', async (t) => {
  const { page, name } = await withVideo(t);
  await heldStill(page, { status: 'processing', progress_percentage: 40, stage: 'encode' });
  const told = page.getByRole('status');
  await told.getByText(`${name}: Being prepared, 40 %.`).waitFor();
  await heldStill(page, { status: 'failed', error: 'The video is damaged.' });
  await told.getByText(`${name}: Failed: The video is damaged.`).waitFor();
});

test('a server that is away is told about, and asked again until it is back', async (t) => {
  const { page, name } = await withVideo(t);
  await page.route('**/api/uploads/*', (route) => route.abort('connectionrefused'));
  await page.getByText('The server cannot be reached at the moment.').first().waitFor();
  await inState(page, name, 'pending');
  await heldStill(page, { status: 'processing', progress_percentage: 7 });
  await inState(page, name, 'processing');
  await page.locator('.notice').waitFor({ state: 'detached' });
});

test('a busy server is waited for as long as it asks', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await page.route('**/api/uploads', (route) =>
    route.fulfill({
      status: 507,
      headers: { 'Retry-After': '3000' },
      contentType: 'application/problem+json',
      body: JSON.stringify({
        detail: 'There is no room left on the server.',
        code: 'no_space',
        request_id: 'r',
      }),
    }),
  );
  await page.getByLabel('Choose files').setInputFiles(photo());
  const found = await inState(page, basename(photo()), 'retrying');
  await found
    .getByText('There is no room left on the server. Trying again in 50 minutes.')
    .waitFor();
  await axeFindsNothing(page, 'while the server is busy');
  await page.unroute('**/api/uploads');
  await found.getByRole('button', { name: /^Retry now/ }).click();
  await inState(page, basename(photo()), 'completed');
});

test('a file that does not arrive is not called unplayable, and can be loaded again', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  await page.route('**/media/**', (route) => route.abort('connectionreset'));
  await page.getByLabel('Choose files').setInputFiles(photo());
  const found = await inState(page, basename(photo()), 'completed');
  await found.getByText('It could not be loaded just now.').waitFor();
  await page.unroute('**/media/**');
  await found.getByRole('button', { name: 'Load again' }).click();
  const image = found.getByRole('img', { name: `Photo ${basename(photo())}` });
  await image.scrollIntoViewIfNeeded();
  await page.waitForFunction(
    (element) => element.complete && element.naturalWidth > 0,
    await image.elementHandle(),
  );
});

test('an upload the server no longer knows is not asked for again and again', async (t) => {
  const { page, name } = await withVideo(t);
  let questions = 0;
  await page.route('**/api/uploads/*', (route) => {
    questions += 1;
    return route.fulfill({
      status: 404,
      contentType: 'application/problem+json',
      body: '{"detail":"There is no such upload."}',
    });
  });
  await (
    await inState(page, name, 'failed')
  )
    .getByText('Failed: There is no such upload.')
    .waitFor();
  assert.equal(questions, 1);
});
