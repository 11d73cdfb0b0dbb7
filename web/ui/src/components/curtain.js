/* Takes files dropped anywhere, and shows that while they are in the air. */
import { useEffect, useState } from 'preact/hooks';
import { filesOf, holdsFiles } from '../files.js';
import { html } from '../html.js';

export function DropCurtain({ onDrop }) {
  const [over, setOver] = useState(false);

  useEffect(() => {
    let depth = 0; /* enter and leave come for every element on the way */
    const on = (name, handle) =>
      window.addEventListener(name, (event) => {
        if (!holdsFiles(event.dataTransfer)) return;
        event.preventDefault();
        handle(event);
      });
    const move = (step) => {
      depth = Math.max(depth + step, 0);
      setOver(depth > 0);
    };
    on('dragenter', () => move(1));
    on('dragleave', () => move(-1));
    on('dragover', (event) => {
      event.dataTransfer.dropEffect = 'copy';
    });
    on('drop', (event) => {
      move(-depth);
      onDrop(filesOf(event.dataTransfer));
    });
  }, []);

  return over && html`<div class="curtain" aria-hidden="true"><p>Drop to send</p></div>`;
}
