/* The page's conversation with the server. Nothing else here opens a connection. */
import { ANSWER_MS, ASK_TIMEOUT_MS, STALL_MS } from './limits.js';
import { answerOf, problemOf, problemOfOwn } from './problem.js';

const lost = () => problemOfOwn('connection_lost', 'The connection to the server was lost.');
const stalled = () =>
  problemOfOwn('connection_stalled', 'The connection to the server has stalled.');
const foreign = () =>
  problemOfOwn('foreign_answer', 'Something on the way answered in place of the server.');

/* The result either has `upload` or `problem`. */
function resultOf(status, header, text) {
  if (status < 200 || status > 299) return { problem: problemOf(status, header, text, Date.now()) };
  const upload = answerOf(text);
  return upload ? { upload } : { problem: foreign() };
}

/*
 * Sends one file. `onProgress(bytes)` tells how much of the file has left, `onSent()` that all of
 * it has. Returns { result, cancel }: the promise never rejects, and never settles after cancel().
 * XMLHttpRequest, because fetch cannot tell how much has been sent.
 */
export function sendFile({ file, fields, onProgress, onSent }) {
  const request = new XMLHttpRequest();
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  /* Last: the server knows where it belongs before the first byte. */
  form.append('file', file, file.name);

  let watchdog = 0;
  const result = new Promise((settle) => {
    const end = (value) => {
      clearTimeout(watchdog);
      settle(value);
    };
    const watch = (ms) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        request.onerror = request.onload = null;
        request.abort();
        end({ problem: stalled() });
      }, ms);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      watch(STALL_MS);
      onProgress(Math.max(0, Math.min(file.size, loaded - (total - file.size))));
    };
    request.upload.onload = () => {
      watch(ANSWER_MS);
      onSent();
    };
    request.onerror = () => end({ problem: lost() });
    request.onload = () => {
      end(
        resultOf(request.status, (name) => request.getResponseHeader(name), request.responseText),
      );
    };
    request.open('POST', '/api/uploads');
    request.setRequestHeader('Accept', 'application/json, application/problem+json');
    request.send(form);
    watch(STALL_MS);
  });
  const cancel = () => {
    clearTimeout(watchdog);
    request.onerror = request.onload = request.upload.onprogress = request.upload.onload = null;
    request.abort();
  };
  return { result, cancel };
}

/* Whether the server has something to give under this address right now. */
export async function isThere(url) {
  const answer = await fetch(url, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  return Boolean(answer?.ok);
}

/* What `read` makes of the answer under this address, or null: it only adorns. */
export async function fetched(url, read) {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok ? read(answer).catch(() => null) : null;
}

/* Asks how an upload is doing. The promise never rejects. */
export async function askUpload(id) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), ASK_TIMEOUT_MS);
  try {
    const response = await fetch(`/api/uploads/${encodeURIComponent(id)}`, {
      headers: { Accept: 'application/json, application/problem+json' },
      cache: 'no-store',
      signal: timeout.signal,
    });
    return resultOf(response.status, (name) => response.headers.get(name), await response.text());
  } catch {
    return { problem: lost() };
  } finally {
    clearTimeout(timer);
  }
}
