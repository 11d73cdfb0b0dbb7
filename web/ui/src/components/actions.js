/* The buttons of a card. Only what makes sense in the item's state is there. */
import { useEffect, useState } from 'preact/hooks';
import { copyText } from '../clipboard.js';
import { html } from '../html.js';
import { stateOf, unsent } from '../state.js';

function downloadUrl(url) {
  const target = new URL(url, location.href);
  target.searchParams.set('download', '1');
  return target.href;
}

function CopyLink({ item, library }) {
  const [done, setDone] = useState('');
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(''), 3000);
    return () => clearTimeout(timer);
  }, [done]);

  const copy = async () => {
    const copied = await copyText(new URL(item.upload.link, location.href).href);
    const words = copied ? 'Copied' : 'Not copied';
    setDone(words);
    library.notice(
      `${item.name}: ${copied ? 'link copied' : 'the browser did not allow to copy the link'}.`,
    );
  };
  return html`
    <button type="button" class="button" onClick=${copy}>
      ${done || 'Copy link'}${about(item)}
    </button>`;
}

/* Buttons of different cards read differently to those who hear them out of their place. */
function about(item) {
  return html`<span class="unseen"> (${item.name})</span>`;
}

/* Only this list forgets the item; the server keeps it. */
export function Remove({ item, library, used }) {
  return html`
    <button type="button" class="remove" title="Take off the list" onClick=${() => {
      library.remove(item);
      used();
    }}>
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path d="M6 6l12 12M18 6L6 18" />
      </svg>
      <span class="unseen">Take off the list (${item.name})</span>
    </button>`;
}

export function Actions({ item, library, again, used }) {
  const state = stateOf(item);
  const button = (key, words, act) => html`
    <button type="button" class="button" key=${key} onClick=${() => {
      act(item);
      used();
    }}>
      ${words}${about(item)}
    </button>`;
  const url = state === 'completed' && item.upload.media_url;
  const original = item.upload?.original_url;
  const kept = url || (state === 'failed' && original);
  const reasons = item.upload?.kept_for?.length > 0;
  return html`
    <div class="actions">
      ${kept && html`
        <a class="button" key="download" href=${downloadUrl(kept)} download>
          Download${about(item)}
        </a>`}
      ${url && original && reasons && html`
        <a class="button" key="original" href=${downloadUrl(original)} download>
          Download original${about(item)}
        </a>`}
      ${url && html`<${CopyLink} key="copy" item=${item} library=${library} />`}
      ${state === 'retrying' && button('now', 'Retry now', library.hurry)}
      ${again && button('again', state === 'cancelled' ? 'Send again' : 'Retry', library.sendAgain)}
      ${unsent(item) && state !== 'checking' && button('cancel', 'Cancel', library.cancel)}
    </div>`;
}
