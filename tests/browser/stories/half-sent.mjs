/* What happens in the middle of sending. A gate holds the file half sent, so every state can be
   looked at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inState, isKept, openPage, screenshot } from '../harness/browser.mjs';
import { openGate } from '../harness/gate.mjs';
import { longRecording } from '../harness/media.mjs';
import { startPair } from '../harness/pair.mjs';
import { until } from '../harness/until.mjs';

const NAME = 'a long talk.wav';

/* Bytes let through; far less than the file, which is far more than buffers hold. */
const HALF = 2_000_000;

async function halfSent(t) {
  const pair = await startPair(t, { transcoder: false });
  const gate = await openGate(t, pair.port);
  const page = await openPage(t, gate.url);
  gate.close(HALF);
  await page.getByLabel('Choose files').setInputFiles(longRecording(NAME, 40));
  const found = await inState(page, NAME, 'sending');
  await until(
    'some of the file has left',
    async () => Number(await found.getByRole('progressbar').getAttribute('value')) > 0,
  );
  return { pair, gate, page };
}

test('web is killed during a send: the page says so, retries, and the file arrives', async (t) => {
  const { pair, gate, page } = await halfSent(t);
  await screenshot(page, 'sending-desktop-light');
  await pair.web.end('SIGKILL');

  const retrying = await inState(page, NAME, 'retrying');
  await retrying.getByText(/The connection to the server was lost\. Trying again/).waitFor();
  await retrying.getByRole('button', { name: /^Retry now/ }).waitFor();
  await retrying.getByRole('button', { name: /^Cancel/ }).waitFor();

  gate.open();
  await pair.startWeb();
  await isKept(page, NAME);
  assert.deepEqual(page.faults, [], 'nothing is wrong in the console');
});

test('a person need not wait for the next try', async (t) => {
  const { pair, gate, page } = await halfSent(t);
  await pair.web.end('SIGKILL');
  await inState(page, NAME, 'retrying');
  gate.open();
  await pair.startWeb();
  await until('the file is on its way again', async () => {
    await page
      .getByRole('button', { name: /^Retry now/ })
      .click({ timeout: 500 })
      .catch(() => {});
    return !(await page.locator('.card[data-state="retrying"]').count());
  });
  await isKept(page, NAME);
});

test('sending can be cancelled, and begun again', async (t) => {
  const { gate, page } = await halfSent(t);
  await page.getByRole('button', { name: /^Cancel/ }).click();
  const cancelled = await inState(page, NAME, 'cancelled');
  gate.open();
  await cancelled.getByRole('button', { name: /^Send again/ }).click();
  await isKept(page, NAME);
});

test('leaving the page is asked about while something is being sent, and only then', async (t) => {
  const { gate, page } = await halfSent(t);
  const asked = new Promise((resolve) => {
    page.once('dialog', async (dialog) => {
      await dialog.dismiss();
      resolve(dialog.type());
    });
  });
  await page.evaluate(() => setTimeout(() => location.reload()));
  assert.equal(await asked, 'beforeunload');
  gate.open();
  await isKept(page, NAME);

  let again = false;
  page.once('dialog', (dialog) => {
    again = true;
    return dialog.accept();
  });
  await page.reload();
  await isKept(page, NAME);
  assert.equal(again, false);
});
