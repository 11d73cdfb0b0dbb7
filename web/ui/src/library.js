/*
 * The list on the page: every item this browser sent, newest first, and what a person can do with
 * one. The one owner of the items; components only read them and call these functions.
 */
import { askUpload, sendFile } from './api.js';
import { createFollower } from './follow.js';
import { PREVIEW_MAX } from './limits.js';
import { createNews } from './news.js';
import { kindOf, stateOf, unsent } from './state.js';
import { browserStore } from './store.js';
import { createQueue } from './upload.js';

/* One visit's files belong together: ten letters or digits, which the server takes as an entry's
   name. */
export function entryName(random) {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return [...random].map((byte) => letters[byte % letters.length]).join('');
}

function previewOf(file) {
  return file.type.startsWith('image/') && file.size <= PREVIEW_MAX
    ? URL.createObjectURL(file)
    : null;
}

/* What is ready need not be sent again: the browser may forget its own copy. */
function letGo(item) {
  if (stateOf(item) !== 'completed') return;
  if (item.preview) URL.revokeObjectURL(item.preview);
  Object.assign(item, { file: null, preview: null });
}

/* `redraw()` after every change; `tell(message)` for the live region. */
export function createLibrary({ redraw, tell }) {
  let items = [];
  let lastKey = 0;
  const store = browserStore();
  const news = createNews(tell);

  const changed = () => {
    for (const item of items) letGo(item);
    news.watch(items);
    redraw();
  };
  const newItem = (values) => ({
    key: (lastKey += 1),
    file: null,
    preview: null,
    upload: null,
    problem: null,
    trouble: null,
    ...values,
  });

  const follower = createFollower({ ask: askUpload, changed });
  const queue = createQueue({
    send: sendFile,
    fields: { entry: entryName(crypto.getRandomValues(new Uint8Array(10))) },
    changed,
    accepted(item, upload) {
      item.id = upload.id;
      follower.follow(item, upload);
      store.add(item);
    },
  });

  function restore() {
    items = store
      .list()
      .map(({ id, name, size, kind }) =>
        newItem({ id, name: name || 'File', size, kind, earlier: true }),
      );
    for (const item of items) follower.follow(item);
    changed();
  }

  function addFiles(files) {
    const fresh = files.map((file) =>
      newItem({
        file,
        name: file.name,
        size: file.size,
        kind: kindOf(file),
        preview: previewOf(file),
        phase: 'waiting',
      }),
    );
    items = [...fresh, ...items];
    for (const item of fresh) queue.add(item);
  }

  /* The server has ended with the old try; the list shows the new one only. */
  function sendAgain(item) {
    if (item.id) store.remove(item.id);
    Object.assign(item, { id: null, upload: null });
    queue.add(item);
  }

  function remove(item) {
    follower.forget(item);
    if (item.id) store.remove(item.id);
    if (item.preview) URL.revokeObjectURL(item.preview);
    items = items.filter((other) => other !== item);
    changed();
  }

  function wake() {
    queue.wake();
    follower.wake();
    changed();
  }

  return {
    items: () => items,
    unsent: () => items.filter(unsent).length,
    restore,
    addFiles,
    cancel: queue.cancel,
    hurry: queue.hurry,
    sendAgain,
    remove,
    wake,
    notice: (text) => news.add('notice', text),
  };
}
