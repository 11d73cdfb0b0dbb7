/*
 * What went wrong, in one shape, whoever says it: the server (RFC 9457 problem), something on the
 * way, or the browser.
 *   { status, code, detail, requestId, retryAfterMs }
 * `detail` is a sentence for the person at the screen. Status 0: no answer came.
 */
import { retryAfter } from './backoff.js';

const SENTENCES = {
  401: 'The server wants to know who you are first.',
  403: 'The server does not allow this here.',
  404: 'The server does not know this upload.',
  408: 'The file took too long to arrive.',
  413: 'The file is larger than the server takes.',
  415: 'The server does not take this kind of file.',
  429: 'The server asks for a little patience.',
  502: 'The server is away for a moment.',
  503: 'The server is busy.',
  504: 'The server is away for a moment.',
  507: 'The server has no room left at the moment.',
};

function sentence(status) {
  return (
    SENTENCES[status] ??
    (status >= 500 ? 'The server had a fault of its own.' : 'The server did not accept this.')
  );
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

const words = (value) => (typeof value === 'string' && value.trim() ? value.trim() : null);

/* The object in a successful answer, or null when it is none of ours (a hotel's log-in page, a
   proxy's apology). Its addresses may be absolute, for whoever passes them on (`link`); the page
   shows files from where it came from itself, whatever name it was called by. */
export function answerOf(text) {
  const value = parsed(text);
  if (!value || !words(value.id) || !words(value.status)) return null;
  const link = value.media_url;
  for (const name of Object.keys(value).filter((key) => key.endsWith('_url')))
    value[name] = words(value[name])?.match(/\/media\/[^/]+\/[^/]+\/[^/]+$/)?.[0] ?? null;
  return { ...value, link };
}

/* `header` is a function from a header's name to its value or null. */
export function problemOf(status, header, text, now) {
  const body = parsed(text) ?? {};
  const fields = Array.isArray(body.errors)
    ? body.errors.map((error) => words(error?.detail)).filter(Boolean)
    : [];
  return {
    status,
    code: words(body.code) ?? `http_${status}`,
    detail: words(body.detail) ?? fields[0] ?? sentence(status),
    requestId: words(body.request_id) ?? words(header('X-Request-Id')),
    retryAfterMs: retryAfter(header('Retry-After'), now),
  };
}

export function problemOfOwn(code, detail) {
  return { status: 0, code, detail, requestId: null, retryAfterMs: null };
}
