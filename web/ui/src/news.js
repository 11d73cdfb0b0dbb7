/*
 * Tells changes of state to the live region: each once, at every quarter while something grows,
 * several at a time as one message. A person who listens hears what a person who looks sees, but
 * not every percent of it.
 */
import { NEWS_MAX, NEWS_PAUSE_MS } from './limits.js';
import { percentOf, stateOf } from './state.js';
import { newsWords } from './words.js';

/* Two moments with the same key need no news between them. Trying and failing again is no news
   either. */
export function newsKey(item) {
  const state = stateOf(item);
  const percent = percentOf(item);
  const quarter = percent === null ? '' : Math.floor(percent / 25);
  if (state === 'sending' && item.failures > 0 && !quarter) return 'retrying:';
  return `${state}:${quarter}`;
}

/* One message for several pieces of news, the last of each item only. */
export function newsMessage(texts) {
  const more = texts.length - NEWS_MAX;
  const told = texts.slice(0, NEWS_MAX).join(' ');
  return more > 0 ? `${told} And ${more} more.` : told;
}

/* `tell(message)` puts it where screen readers look. */
export function createNews(tell) {
  const pending = new Map();
  let timer = 0;

  function flush() {
    timer = 0;
    tell(newsMessage([...pending.values()]));
    pending.clear();
  }

  function add(key, text) {
    pending.delete(key);
    pending.set(key, /[.!?…]$/.test(text) ? text : `${text}.`);
    timer ||= setTimeout(flush, NEWS_PAUSE_MS);
  }

  /* Looks through the items; what is on the list from an earlier visit is no news until it
     changes. */
  function watch(items) {
    for (const item of items) {
      const key = newsKey(item);
      const old = item.earlier && (item.told === undefined || item.told === 'asking:');
      if (item.told !== key && !old) add(item, newsWords(item));
      item.told = key;
    }
  }

  return { add, watch };
}
