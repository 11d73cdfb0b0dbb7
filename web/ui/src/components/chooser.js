/* The place to choose files. The input itself is a real file input: label, keyboard and screen
   reader come with it. */
import { html } from '../html.js';
import { Sign } from './sign.js';

const KINDS = ['photo', 'video', 'audio'];

/* Some systems do not know these as pictures, videos or sound and would grey them out. A test holds
   them beside the server's table. */
const ACCEPT =
  'image/*,video/*,audio/*,.jpg,.png,.gif,.webp,.avif,.heic,.heif,.tif,' +
  '.mp4,.mov,.3gp,.3g2,.webm,.mkv,.ogv,.avi,.ts,.mts,.m2ts,.mpg,.vob,.mp4v,.h264,.h265,.flv,.wmv,' +
  '.mxf,.dv,.wtv,.ivf,.m4a,.mp3,.aac,.amr,.awb,.wav,.w64,.aiff,.au,.flac,.ogg,.opus,.spx,.caf,' +
  '.gsm,.ac3,.eac3,.dts,.wv,.voc,.weba,.mka,.wma';

/* `small` once there is something more important to look at. */
export function Chooser({ small, onFiles }) {
  const chosen = ({ currentTarget: input }) => {
    onFiles([...input.files]);
    input.value = ''; /* the same file may be chosen again */
  };
  /* It looks like a button, so Enter must do what it does on one; not every browser sees to
     that. */
  const pressed = (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    event.currentTarget.click();
  };
  return html`
    <section class=${small ? 'chooser small' : 'chooser'} aria-label="Send files">
      ${!small && html`<p class="signs">${KINDS.map((kind) => html`<${Sign} kind=${kind} />`)}</p>`}
      <input key="input" class="unseen" type="file" id="files" multiple accept=${ACCEPT}
        onChange=${chosen} onKeyDown=${pressed} />
      <label key="label" class="button primary" for="files">Choose files</label>
      <p key="hint" class="hint">
        <span class="with-mouse">or drop them anywhere on this page, or paste them.</span>
        <span class="with-touch">As many at once as you like.</span>
      </p>
    </section>`;
}
