/* What a transcoder brings besides the video: the sound's waveform, the blur, the storyboard and the
   time it was taken. The story itself plays the transcoder. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { axeFindsNothing } from '../harness/axe.mjs';
import { inState, openPage, screenshot } from '../harness/browser.mjs';
import { iphone, preparedSound, preparedVideo, soundAlone, written } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';
import { claim, deliver, fail } from '../harness/played.mjs';

const HASH = '3OcRJYB4d3h/iIeHeEh3eIhw+j3A';

async function sent(t, path, options) {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url, options);
  await page.getByLabel('Choose files').setInputFiles(path);
  return { pair, page, job: await claim(pair) };
}

async function withVideo(t, options) {
  const story = await sent(t, iphone(), options);
  const told = { duration: 20, width: 640, height: 360, thumbhash: HASH };
  await deliver(story.pair, story.job, preparedVideo(), {
    ...told,
    source_duration: 20,
    captured_at: '2024-06-01T10:30:00Z',
  });
  return { ...story, found: await inState(story.page, basename(iphone()), 'completed') };
}

/* The player is between these seconds. */
async function arrived(player, from, to) {
  await player
    .page()
    .waitForFunction(
      ([element, least, most]) => element.currentTime >= least && element.currentTime <= most,
      [await player.elementHandle(), from, to],
    );
}

test('a recording is drawn, and the drawing is a way to go through it', async (t) => {
  const { pair, page, job } = await sent(t, soundAlone());
  await deliver(pair, job, preparedSound(), { duration: 12 });
  const found = await inState(page, basename(soundAlone()), 'completed');
  await found.getByText('Recording').waitFor();
  const slider = found.getByRole('slider', { name: `Position in ${basename(soundAlone())}` });
  const audio = found.locator('audio');
  const played = async () => Number(await found.locator('.bars > svg').getAttribute('width'));
  assert.equal(await played(), 0);

  const { x, y, width, height } = await slider.boundingBox();
  await page.mouse.click(x + width / 2, y + height / 2);
  await arrived(audio, 5.5, 6.5);
  await screenshot(page, 'recording-desktop-light');
  assert.ok(Math.abs((await played()) - 36) < 4, `${await played()} bars of 72 are played`);

  await slider.focus();
  await page.keyboard.press('End');
  await arrived(audio, 11, 13);
  await page.keyboard.press('Home');
  await arrived(audio, 0, 0);
  assert.equal(await slider.getAttribute('aria-valuetext'), '0:00 of 0:12');
  await page.keyboard.press('ArrowRight');
  await arrived(audio, 0.05, 1);
  await axeFindsNothing(page, 'with a recording');
  await screenshot(page, 'recording-desktop-dark');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('a recording without its waveform still plays', async (t) => {
  const { pair, page, job } = await sent(t, soundAlone());
  await page.route('**/*-waveform.json', (route) => route.abort('connectionreset'));
  await deliver(pair, job, preparedSound(), { duration: 12 });
  const found = await inState(page, basename(soundAlone()), 'completed');
  await found.locator('.sign').waitFor();
  const ready = await found
    .locator('audio')
    .evaluate((element) => element.play().then(() => element.duration));
  assert.ok(ready > 11);
  assert.equal(await found.getByRole('slider').count(), 0);
});

test('a strip below the video shows what is where, to pointers and to keys', async (t) => {
  const { page, found } = await withVideo(t, { locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  await found.getByText('Taken 1 Jun 2024, 12:30').waitFor();
  const slider = found.getByRole('slider', { name: `Look through ${basename(iphone())}` });
  const look = found.locator('.look');
  const video = found.locator('video');
  const place = () =>
    found.locator('.tile').evaluate((element) => getComputedStyle(element).backgroundPosition);
  assert.equal(await look.count(), 0);

  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  await page.mouse.move(x + width * 0.65, y + height / 2);
  await look.getByText('0:13').waitFor();
  await found.locator('.tile').waitFor();
  assert.equal(await place(), '-160px -90px', 'the tile of 12 to 14 seconds');
  await arrived(video, 0, 0); /* looking is not seeking */
  await screenshot(page, 'storyboard-desktop-light');
  await page.mouse.move(0, 0);
  await look.waitFor({ state: 'detached' });

  await page.mouse.click(x + width * 0.65, y + height / 2);
  await arrived(video, 12.5, 13.5);
  await page.mouse.move(0, 0);

  await slider.focus();
  await page.keyboard.press('Home');
  await look.getByText('0:00').waitFor();
  assert.equal(await place(), '0px 0px');
  await arrived(video, 0, 0);
  await axeFindsNothing(page, 'with a storyboard open');
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('a finger on the strip sees the tile above it, and goes there when it lifts', async (t) => {
  const { page, found } = await withVideo(t, {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const slider = found.getByRole('slider');
  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  assert.ok(height >= 44, 'large enough for a thumb');
  const finger = await page.context().newCDPSession(page);
  const touch = (type, part) =>
    finger.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: part === null ? [] : [{ x: x + width * part, y: y + height / 2 }],
    });
  await touch('touchStart', 0.3);
  await touch('touchMove', 0.8);
  await found.locator('.look').getByText('0:16').waitFor();
  await found.locator('.tile').waitFor();
  await screenshot(page, 'storyboard-phone-light');
  await touch('touchEnd', null);
  await found.locator('.look').waitFor({ state: 'detached' });
  await arrived(found.locator('video'), 15.5, 16.5);
});

test('until the picture is here, its blur is', async (t) => {
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  const { pair, page, job } = await sent(t, iphone());
  await page.route('**/media/**', async (route) => {
    await held;
    await route.continue();
  });
  const told = { duration: 20, width: 640, height: 360, thumbhash: HASH };
  await deliver(pair, job, preparedVideo(), told);
  const found = await inState(page, basename(iphone()), 'completed');
  const colours = await found.locator('canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  assert.ok(colours > 50, `the blur has ${colours} colours`);
  await screenshot(page, 'blur-desktop-light');
  release();
  await found.locator('canvas').waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('why an original stays, and what became of one that is gone, stands on the card', async (t) => {
  const { pair, page, job } = await sent(t, iphone());
  const told = { duration: 20, width: 640, height: 360 };
  await deliver(pair, job, preparedVideo(), { ...told, losses: ['sound_track', 'size'] });
  const found = await inState(page, basename(iphone()), 'completed');
  await found.getByText('Original kept: it has a second sound track.').waitFor();
  const waiting = page.waitForEvent('download');
  await found.getByRole('link', { name: /^Download original/ }).click();
  assert.equal((await waiting).suggestedFilename(), basename(iphone()));
  await screenshot(page, 'original-kept-desktop-light');

  const other = await sent(t, iphone());
  await deliver(other.pair, other.job, preparedVideo(), { ...told, losses: ['hdr', 'data'] });
  const gone = await inState(other.page, basename(iphone()), 'completed');
  await gone.getByText('HDR made standard.').waitFor();
  assert.equal(await gone.getByRole('link', { name: /^Download original/ }).count(), 0);
});

test('what a transcoder cannot read is told in its own words, and is not lost', async (t) => {
  const { pair, page, job } = await sent(t, iphone());
  await fail(pair, job, 'The file holds neither picture nor sound.');
  const found = await inState(page, basename(iphone()), 'failed');
  await found.getByText('Failed: The file holds neither picture nor sound.').waitFor();
  const waiting = page.waitForEvent('download');
  await found.getByRole('link', { name: /^Download/ }).click();
  const download = await waiting;
  assert.deepEqual(readFileSync(await download.path()), readFileSync(iphone()));
});

test('what only looks like a video fails at once, without any transcoder', async (t) => {
  const pair = await startPair(t, { transcoder: false });
  const page = await openPage(t, pair.url);
  const bytes = readFileSync(iphone()).subarray(0, 2000);
  await page.getByLabel('Choose files').setInputFiles(written('cut off.mov', bytes));
  const found = await inState(page, 'cut off.mov', 'failed');
  await found.getByText(/^Failed: [A-Z].*\.$/).waitFor();
  await screenshot(page, 'not-a-video-desktop-light');
});
