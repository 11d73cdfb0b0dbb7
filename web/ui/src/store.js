/*
 * What this browser remembers between visits: which uploads it made, newest first. The server knows
 * the rest. Storage may be missing, full or forbidden (private windows); then the page simply
 * forgets.
 */
import { REMEMBERED_MAX } from './limits.js';

const KEY = 'reelkeep.uploads';

export function createStore(storage) {
  const read = () => {
    try {
      const list = JSON.parse(storage.getItem(KEY)) ?? [];
      return Array.isArray(list) ? list.filter((entry) => typeof entry?.id === 'string') : [];
    } catch {
      return [];
    }
  };
  /* Reads before it writes, as another tab may have added something. */
  const change = (edit) => {
    try {
      storage.setItem(KEY, JSON.stringify(edit(read()).slice(0, REMEMBERED_MAX)));
    } catch {
      /* forgotten with this visit */
    }
  };
  return {
    list: () => read().slice(0, REMEMBERED_MAX),
    add: ({ id, name, size, kind }) =>
      change((list) => [{ id, name, size, kind }, ...list.filter((entry) => entry.id !== id)]),
    remove: (id) => change((list) => list.filter((entry) => entry.id !== id)),
  };
}

/* localStorage itself may throw on access. */
export function browserStore() {
  try {
    return createStore(window.localStorage);
  } catch {
    return createStore(null);
  }
}
