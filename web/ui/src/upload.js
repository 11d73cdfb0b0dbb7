/*
 * The queue of files on their way to the server. A few are sent at once; the others wait their
 * turn. A file that failed for a reason that passes keeps its place and is sent again after a
 * pause, for as long as the page is open: a person who walked through a tunnel finds everything
 * done.
 */
import { retryable, retryDelay } from './backoff.js';
import { BREAKS_MAX, SENDING_AT_ONCE } from './limits.js';
import { rateStart, rateUpdate } from './rate.js';

/*
 * `send` is api.sendFile; `fields` go with every file; `changed()` is called after every change of
 * an item; `accepted(item, upload)` when the server keeps it.
 */
export function createQueue({ send, fields, changed, accepted }) {
  const waiting = [];
  const placed = new Map(); /* item → what takes it off the wire: stops its request or its pause */

  function pump() {
    while (placed.size < SENDING_AT_ONCE && waiting.length) start(waiting.shift());
  }

  function leave(item) {
    placed.delete(item);
    pump();
  }

  function start(item) {
    Object.assign(item, { phase: 'sending', sent: 0, rate: rateStart(Date.now()), problem: null });
    const { result, cancel } = send({
      file: item.file,
      fields,
      onProgress: (sent) => {
        item.sent = sent;
        item.rate = rateUpdate(item.rate, sent, Date.now());
        changed();
      },
      onSent: () => {
        item.phase = 'checking';
        changed();
      },
    });
    placed.set(item, cancel);
    result.then((answer) => finish(item, answer));
    changed();
  }

  function finish(item, { upload, problem }) {
    if (upload) {
      accepted(item, upload);
      leave(item);
    } else if (retryable(problem.status) && !wornOut(item, problem)) {
      pause(item, problem);
    } else {
      Object.assign(item, { phase: 'failed', problem });
      leave(item);
    }
    changed();
  }

  /* A server that is away costs nothing to ask again. One that takes half a file each time does. */
  function wornOut(item, problem) {
    if (problem.status === 0 && item.sent > 0) item.breaks += 1;
    return item.breaks >= BREAKS_MAX;
  }

  function pause(item, problem) {
    item.failures += 1;
    const delay = retryDelay(item.failures, problem.retryAfterMs, Math.random());
    Object.assign(item, { phase: 'retrying', problem, retryAt: Date.now() + delay });
    const timer = setTimeout(() => start(item), delay);
    placed.set(item, () => clearTimeout(timer));
  }

  function cancel(item) {
    placed.get(item)?.();
    const index = waiting.indexOf(item);
    if (index >= 0) waiting.splice(index, 1);
    item.phase = 'cancelled';
    leave(item);
    changed();
  }

  function add(item) {
    Object.assign(item, { phase: 'waiting', sent: 0, failures: 0, breaks: 0, problem: null });
    waiting.push(item);
    pump();
    changed();
  }

  /* Ends the pause of a file that is due to be sent again. */
  function hurry(item) {
    if (item.phase !== 'retrying') return;
    placed.get(item)?.();
    start(item);
  }

  /* The network is back: whoever waits for it goes at once. */
  function wake() {
    for (const item of [...placed.keys()]) if (item.problem?.status === 0) hurry(item);
  }

  return { add, cancel, hurry, wake };
}
