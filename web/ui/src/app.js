/* The whole page below its header: wires the library to the browser's events and lays out what
   there is. */
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { createAwake } from './awake.js';
import { Chooser } from './components/chooser.js';
import { DropCurtain } from './components/curtain.js';
import { Card } from './components/card.js';
import { filesOf, namedPaste } from './files.js';
import { html } from './html.js';
import { createLibrary } from './library.js';
import { troubled } from './state.js';
import { summaryWords } from './words.js';

const FOLDERS =
  'Folders cannot be sent as a whole. Please open the folder and choose the files in it.';
const AWAY =
  'The server cannot be reached at the moment. This page keeps asking and shows what it knew last.';

function useLibrary() {
  const [, redraw] = useReducer((turn) => turn + 1, 0);
  const [message, tell] = useState('');
  const ref = useRef(null);
  ref.current ??= createLibrary({ redraw: () => redraw(), tell });
  return { library: ref.current, message };
}

/* Subscribes to events of a target for as long as the page lives. */
function useEvents(target, handlers) {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    for (const name of Object.keys(handlers))
      target.addEventListener(name, (event) => latest.current[name](event));
  }, []);
}

export function App() {
  const { library, message } = useLibrary();
  const [notice, setNotice] = useState('');
  const awake = useRef(null);
  const items = library.items();
  const unsent = library.unsent();
  const away = items.find(troubled);

  const take = ({ files, folders = 0 }) => {
    setNotice(folders ? FOLDERS : '');
    if (folders) library.notice(FOLDERS);
    if (files.length) library.addFiles(files);
  };

  useEffect(() => {
    awake.current = createAwake();
    library.restore();
  }, []);
  useEffect(() => {
    awake.current(unsent > 0);
    document.title = unsent ? `Sending ${unsent} · Reelkeep` : 'Reelkeep';
  }, [unsent]);
  useEffect(() => {
    if (away) library.notice(AWAY);
  }, [Boolean(away)]);
  useEvents(document, {
    visibilitychange: () => document.hidden || library.wake(),
    paste: (event) => {
      const { files } = filesOf(event.clipboardData);
      if (!files.length) return;
      event.preventDefault();
      take({ files: files.map((file) => namedPaste(file, Date.now())) });
    },
  });
  useEvents(window, {
    online: () => library.wake(),
    offline: () => library.wake(),
    beforeunload: (event) => {
      if (!library.unsent()) return;
      event.preventDefault();
      event.returnValue = ''; /* what older browsers look at */
    },
  });

  return html`
    <${Chooser} small=${items.length > 0} onFiles=${(files) => take({ files })} />
    ${notice && html`<p class="notice">${notice}</p>`}
    ${away && html`
      <p class="notice">${AWAY}${away.trouble.status ? ` (${away.trouble.detail})` : ''}</p>`}
    ${
      items.length > 0 &&
      html`
      <section aria-labelledby="list-title">
        <div class="list-head">
          <h2 id="list-title">Your files</h2>
          <p class="summary">${summaryWords(items)}</p>
        </div>
        <ul class="cards">
          ${items.map((item) => html`<${Card} key=${item.key} item=${item} library=${library} />`)}
        </ul>
      </section>`
    }
    <p class="unseen" role="status">${message}</p>
    <${DropCurtain} onDrop=${take} />`;
}
