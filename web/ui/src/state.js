/*
 * The states an item of the list goes through. `item.phase` is what this browser knows:
 *
 *   waiting → sending → checking → kept           failed, cancelled → waiting (send again)
 *                ↑______ retrying ______|
 *
 * Once the server keeps the file, its own status takes over: pending, validating, processing,
 * completed, failed.
 */

/* One word for the item: what the card shows, and what style.css and the tests look at. */
export function stateOf(item) {
  if (item.phase !== 'kept') return item.phase;
  return item.upload ? item.upload.status : 'asking';
}

/* Leaving the page now would lose the file. */
export function unsent(item) {
  return ['waiting', 'sending', 'checking', 'retrying'].includes(item.phase);
}

/* The server's last word has been said. */
export function settled(item) {
  return ['completed', 'failed', 'cancelled'].includes(stateOf(item));
}

/* The server has not answered for a while; one lost question is nothing to talk about. */
export function troubled(item) {
  return item.phase === 'kept' && item.failures >= 2;
}

/* 0 to 100 where there is an honest number, otherwise null. */
export function percentOf(item) {
  const state = stateOf(item);
  if (state === 'sending') return item.size ? Math.floor((item.sent / item.size) * 100) : null;
  if (state !== 'processing') return null;
  const percent = Number(item.upload.progress_percentage);
  return Number.isFinite(percent) ? Math.floor(Math.min(Math.max(percent, 0), 100)) : null;
}

/* Sending the same bytes again may end differently, and they are still at hand. */
export function canSendAgain(item) {
  if (!item.file) return false;
  if (item.phase === 'cancelled') return true;
  if (item.phase === 'failed') return ![400, 413, 415, 422].includes(item.problem.status);
  return stateOf(item) === 'failed';
}

const PHOTOS = ['jpg', 'jpeg', 'jfif', 'png', 'gif', 'webp', 'avif', 'heic', 'heif', 'hif', 'tif',
  'tiff'];
const SOUNDS = ['m4a', 'mp3', 'mp2', 'aac', 'amr', 'awb', 'wav', 'w64', 'aiff', 'aif', 'au', 'flac',
  'ogg', 'oga', 'opus', 'spx', 'caf', 'gsm', 'ac3', 'eac3', 'dts', 'wv', 'voc', 'weba', 'mka', 'wma'];

/* photo, video or audio, by what the browser says and else by the name; the server decides by
   content later. */
export function kindOf({ type = '', name = '' }) {
  const word = type.split('/')[0];
  if (word === 'image') return 'photo';
  if (word === 'video' || word === 'audio') return word;
  const extension = name.toLowerCase().split('.').pop();
  if (PHOTOS.includes(extension)) return 'photo';
  return SOUNDS.includes(extension) ? 'audio' : 'video';
}
