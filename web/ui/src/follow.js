/*
 * Follows uploads the server keeps until it has said its last word about them. It never stops
 * before that: when the server cannot be reached it asks less often, says so on the card, and goes
 * on.
 */
import { askDelay } from './backoff.js';
import { settled } from './state.js';

const GONE = [404, 410];

/* `ask` is api.askUpload; `changed()` is called after every answer. */
export function createFollower({ ask, changed }) {
  const followed = new Map(); /* item → timer, or 0 while a question is out */

  function later(item) {
    const delay = askDelay({
      failures: item.failures,
      asked: item.trouble?.retryAfterMs,
      unchangedMs: Date.now() - item.changedAt,
      hidden: document.hidden,
      following: followed.size,
    });
    const timer = setTimeout(() => question(item), delay);
    followed.set(item, timer);
  }

  async function question(item) {
    followed.set(item, 0);
    const { upload, problem } = await ask(item.id);
    if (!followed.has(item)) return; /* taken off the list meanwhile */
    if (upload) heard(item, upload);
    else if (GONE.includes(problem.status)) Object.assign(item, { phase: 'failed', problem });
    else Object.assign(item, { failures: item.failures + 1, trouble: problem });
    if (settled(item)) followed.delete(item);
    else later(item);
    changed();
  }

  function heard(item, upload) {
    const before = JSON.stringify(item.upload);
    Object.assign(item, {
      upload,
      failures: 0,
      trouble: null,
      name: upload.name || item.name,
      size: upload.size ?? item.size,
      kind: upload.kind ?? item.kind,
    });
    if (JSON.stringify(upload) !== before) item.changedAt = Date.now();
  }

  /* Asks at once unless the first answer is already known. */
  function follow(item, upload) {
    Object.assign(item, { phase: 'kept', failures: 0, trouble: null, changedAt: Date.now() });
    if (upload) heard(item, upload);
    if (settled(item)) return;
    if (upload) later(item);
    else question(item);
  }

  function forget(item) {
    clearTimeout(followed.get(item));
    followed.delete(item);
  }

  /* Somebody looks again, or the network is back: no need to wait for the next turn. */
  function wake() {
    for (const [item, timer] of followed) {
      if (!timer) continue;
      clearTimeout(timer);
      question(item);
    }
  }

  return { follow, forget, wake };
}
