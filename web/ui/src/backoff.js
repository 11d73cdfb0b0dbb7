/* When to try again, and when to ask again. All pure: time and chance are parameters. */
import {
  ASKS_PER_SECOND,
  ASK_FIRST_MS,
  ASK_HIDDEN_MS,
  ASK_SLOWEST_MS,
  RETRY_AFTER_LONGEST_MS,
  RETRY_FIRST_MS,
  RETRY_LONGEST_MS,
} from './limits.js';

/* Status 0 stands for a connection that was never made or broke. */
export function retryable(status) {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/* Milliseconds from a Retry-After header (RFC 9110 §10.2.3: seconds or a date), or null. */
export function retryAfter(value, now) {
  if (!value) return null;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  if (Number.isNaN(ms)) return null;
  return Math.min(Math.max(ms, 0), RETRY_AFTER_LONGEST_MS);
}

/* Milliseconds before the try after `failures` failed ones; up to a fifth more by `chance` (0 to
   1), so that many browsers do not return in step. What the server asks for is the least. */
export function retryDelay(failures, asked, chance) {
  const doubled = Math.min(RETRY_FIRST_MS * 2 ** Math.max(failures - 1, 0), RETRY_LONGEST_MS);
  return Math.round(Math.max(doubled * (1 + chance / 5), asked ?? 0));
}

/* Milliseconds before the next question about an upload. What the server asks for counts, but not
   so much that the page seems to have forgotten. */
export function askDelay({ failures, asked, unchangedMs, hidden, following }) {
  if (failures > 0) {
    const doubled = Math.min(ASK_FIRST_MS * 2 ** (failures - 1), ASK_SLOWEST_MS);
    return Math.max(doubled, Math.min(asked ?? 0, RETRY_LONGEST_MS));
  }
  if (hidden) return ASK_HIDDEN_MS;
  const fair = (following / ASKS_PER_SECOND) * 1000;
  const patient = Math.min(ASK_FIRST_MS + unchangedMs / 30, ASK_SLOWEST_MS);
  return Math.round(Math.max(fair, patient));
}
