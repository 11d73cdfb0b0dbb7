/* A drawing for each kind of file. */
import { html } from '../html.js';

const LINES = {
  photo: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 9.2h.01',
  video: 'M3 6h12v12H3zM15 10.5l6-3v9l-6-3z',
  audio: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6',
};

export function Sign({ kind }) {
  return html`
    <svg class="sign" viewBox="0 0 24 24" width="48" height="48" aria-hidden="true">
      <path d=${LINES[kind] ?? LINES.photo} />
    </svg>`;
}
