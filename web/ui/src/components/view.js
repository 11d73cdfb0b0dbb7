/* What of an item can be seen or heard: a player, a photo, or a sign for what it will be. */
import { useState } from 'preact/hooks';
import { isThere } from '../api.js';
import { html } from '../html.js';
import { stateOf } from '../state.js';
import { kindWords } from '../words.js';
import { Recording } from './recording.js';
import { Sign } from './sign.js';
import { Video } from './video.js';

/* The element that plays or shows a finished item. */
function Media({ item, onError }) {
  if (item.kind === 'video') return html`<${Video} item=${item} onError=${onError} />`;
  if (item.kind === 'audio') return html`<${Recording} item=${item} onError=${onError} />`;
  return html`
    <img src=${item.upload.media_url} alt=${`Photo ${item.name}`} decoding="async" loading="lazy"
      onError=${onError} />`;
}

/* Either this browser does not know the format, or the file did not arrive; a person can only
   help the second. */
function Unshown({ item, there, again }) {
  const verb = item.kind === 'photo' ? 'show' : 'play';
  const kept = html`
    <p>${kindWords(item.kind)} kept. This browser cannot ${verb} it, but you can download it.</p>`;
  const lost = html`
    <p>It could not be loaded just now.</p>
    <button type="button" class="button" onClick=${again}>Load again</button>`;
  return html`<${Sign} kind=${item.kind} />${there ? kept : lost}`;
}

export function View({ item }) {
  const [unshown, setUnshown] = useState(null); /* { url, there } of what could not be shown */
  const url = stateOf(item) === 'completed' ? item.upload.media_url : null;
  const failed = async () => setUnshown({ url, there: await isThere(url) });

  let content;
  if (url && unshown?.url === url) {
    const again = () => setUnshown(null);
    content = html`<${Unshown} item=${item} there=${unshown.there} again=${again} />`;
  } else if (url) content = html`<${Media} key=${url} item=${item} onError=${failed} />`;
  else if (item.preview) content = html`<img class="preview" src=${item.preview} alt="" />`;
  else content = html`<${Sign} kind=${item.kind} />`;
  return html`<div class="view" data-kind=${item.kind}>${content}</div>`;
}
