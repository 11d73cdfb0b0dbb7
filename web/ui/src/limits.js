/* Every ceiling and pace of the page, with its unit and reason. */

/* Files on the wire at once: keeps a fast line busy, and leaves connections for questions and
   players. */
export const SENDING_AT_ONCE = 3;

/* Uploads this browser remembers. Older ones stay on the server; only this list forgets them. */
export const REMEMBERED_MAX = 60;

/* Milliseconds. The first pause before trying again, and the longest; each is twice the one
   before. */
export const RETRY_FIRST_MS = 1000;
export const RETRY_LONGEST_MS = 60_000;

/* Milliseconds. What a server may ask for by Retry-After; beyond it a person would think the
   page is dead. */
export const RETRY_AFTER_LONGEST_MS = 3_600_000;

/* Connections that may break in the middle of one file before the page stops spending a person's
   data plan on it. */
export const BREAKS_MAX = 6;

/* Milliseconds without a byte leaving before a connection counts as lost. */
export const STALL_MS = 60_000;

/* Milliseconds from the last byte to the answer: the server may still be flushing gigabytes to
   its disk. */
export const ANSWER_MS = 300_000;

/* Milliseconds between two questions about one upload: at first, when nothing changes, when
   nobody looks. */
export const ASK_FIRST_MS = 1000;
export const ASK_SLOWEST_MS = 10_000;
export const ASK_HIDDEN_MS = 15_000;

/* Questions a second about all uploads together. */
export const ASKS_PER_SECOND = 5;

/* Milliseconds until a question without an answer is given up. */
export const ASK_TIMEOUT_MS = 15_000;

/* Bytes. A larger photo is not decoded just to show a preview while it is being sent. */
export const PREVIEW_MAX = 30 * 1024 * 1024;

/* Bars of a waveform: what a card's width can show apart. */
export const WAVE_BARS = 72;

/* Milliseconds. News that come together are read out together. */
export const NEWS_PAUSE_MS = 600;

/* Items read out one by one; more are counted. */
export const NEWS_MAX = 4;
