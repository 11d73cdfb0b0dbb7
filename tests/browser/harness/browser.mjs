/* Chromium as the distribution packages it, and what every story wants to know about its page. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { top } from './pair.mjs';

const shots = resolve(process.env.REELKEEP_SCREENSHOTS ?? join(top, 'build', 'screenshots'));

let launched = null;

function browser() {
  launched ??= chromium.launch({
    executablePath: process.env.REELKEEP_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return launched;
}

export async function closeBrowser() {
  await (await launched)?.close();
}

/*
 * The page at `url`, in a fresh profile. Its console errors, policy violations and uncaught
 * exceptions are collected in `page.faults`; a story that expects none asserts that. (A failed
 * request is a console error too, but no fault of the page.)
 */
export async function openPage(t, url, options = {}) {
  const context = await (
    await browser()
  ).newContext({ viewport: { width: 1180, height: 900 }, ...options });
  const page = await context.newPage();
  t.after(async () => {
    await page.unrouteAll({ behavior: 'ignoreErrors' }); // those that still wait for an answer
    await context.close();
  });
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.on('console', (message) => {
    const network = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !network) page.faults.push(message.text());
  });
  await page.goto(url);
  return page;
}

export async function screenshot(page, name) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({
    path: join(shots, `${name}.png`),
    fullPage: true,
    animations: 'disabled',
  });
}

/* The card of a file. */
export function card(page, name) {
  return page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name, exact: true }) });
}

/* Waits until the file's card says that it is in this state. */
export async function inState(page, name, state, timeout = 60_000) {
  const found = page
    .locator(`.card[data-state="${state}"]`)
    .filter({ has: page.getByRole('heading', { name, exact: true }) });
  await found.waitFor({ timeout });
  return found;
}

/* Waits until the server keeps the file, whatever is still to be done with it. */
export async function isKept(page, name, timeout = 60_000) {
  const states = ['validating', 'pending', 'processing', 'completed'];
  const found = page
    .locator(states.map((state) => `.card[data-state="${state}"]`).join(', '))
    .filter({ has: page.getByRole('heading', { name, exact: true }) });
  await found.waitFor({ timeout });
  return found;
}

/* Drops files on the page as a file manager would. `files`: [{ name, type, bytes }] */
export async function drop(page, files) {
  const transfer = await page.evaluateHandle(
    (list) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      return data;
    },
    files.map(({ name, type, bytes }) => ({ name, type, base64: bytes.toString('base64') })),
  );
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('body', event, { dataTransfer: transfer });
  }
}
