/* How fast bytes leave and how long the rest will take, smoothed so that the words stay calm.
   All pure. */

const SMOOTH_MS = 4000; /* how far back the average looks */
const SAMPLE_MS = 500; /* more often, the numbers would only flicker */
const TRUST_MS = 1500; /* before that, a rate is mostly the socket's buffer filling */
const STANDS_MS = 5000; /* a pause people notice, longer than any buffer's hiccup */

export function rateStart(now) {
  return { startedAt: now, at: now, sent: 0, perSecond: null };
}

/* The rate after `sent` bytes in all have left by `now`. */
export function rateUpdate(rate, sent, now) {
  const elapsed = now - rate.at;
  if (elapsed < SAMPLE_MS) return rate;
  const fresh = (Math.max(sent - rate.sent, 0) / elapsed) * 1000;
  const weight = 1 - Math.exp(-elapsed / SMOOTH_MS);
  const perSecond =
    rate.perSecond === null ? fresh : rate.perSecond + (fresh - rate.perSecond) * weight;
  return { ...rate, at: now, sent, perSecond };
}

/* Whether the last byte left too long ago for the rate to mean anything. */
export function rateStands(rate, now) {
  return now - rate.at > STANDS_MS;
}

/* Bytes per second, or null while it would be a guess. */
export function ratePerSecond(rate) {
  return rate.at - rate.startedAt < TRUST_MS ? null : rate.perSecond;
}

/* Seconds for the rest, or null while it would be a guess. */
export function rateSecondsLeft(rate, total) {
  const perSecond = ratePerSecond(rate);
  return perSecond ? Math.max(total - rate.sent, 0) / perSecond : null;
}
