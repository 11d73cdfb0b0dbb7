/* A video's player: its blur until the first picture is here, and a strip below it that shows what
   is where. */
import { useRef, useState } from 'preact/hooks';
import { fetched } from '../api.js';
import { html } from '../html.js';
import { tileAt, tilesOf } from '../tiles.js';
import { durationWords } from '../words.js';
import { Blur } from './blur.js';
import { Seek } from './seek.js';

/* The tiles, asked for when somebody first wants to see one. Empty until then. */
function useTiles(url) {
  const [tiles, setTiles] = useState([]);
  const asked = useRef(null);
  const ask = async () => {
    if (asked.current === url) return;
    asked.current = url;
    const text = await fetched(url, (answer) => answer.text());
    if (text) setTiles(tilesOf(text, new URL(url, location.href)));
    else asked.current = null;
  };
  return [tiles, ask];
}

/* What is at a moment, above the place on the strip that stands for it. */
function Look({ tiles, seconds, part }) {
  const tile = tileAt(tiles, seconds);
  const picture = tile && {
    width: `${tile.width}px`,
    height: `${tile.height}px`,
    backgroundImage: `url("${tile.url}")`,
    backgroundPosition: `-${tile.x}px -${tile.y}px`,
  };
  const half = `${(tile?.width ?? 80) / 2 + 2}px`; /* with its border */
  const left = `clamp(${half}, calc(1rem + (100% - 2rem) * ${part}), calc(100% - ${half}))`;
  return html`
    <div class="look" style=${{ left }} aria-hidden="true">
      ${picture && html`<div class="tile" style=${picture}></div>`}
      <span>${durationWords(seconds)}</span>
    </div>`;
}

function Strip({ item, time, onSeek }) {
  const { storyboard_url: url, duration } = item.upload;
  const [looked, setLooked] = useState(null); /* { seconds, part } */
  const [tiles, ask] = useTiles(url);
  const look = (seconds, part) => {
    ask();
    setLooked(seconds === null ? null : { seconds, part });
  };
  const done = { width: `${Math.min(time / duration, 1) * 100}%` };
  return html`
    <div class="strip">
      ${looked && html`<${Look} tiles=${tiles} ...${looked} />`}
      <div class="track" aria-hidden="true"><div style=${done}></div></div>
      <${Seek} label=${`Look through ${item.name}`} time=${time} duration=${duration}
        onSeek=${onSeek} onLook=${look} />
    </div>`;
}

export function Video({ item, onError }) {
  const player = useRef(null);
  const [time, setTime] = useState(0);
  const [here, setHere] = useState(false);
  const { media_url: url, poster_url: poster, storyboard_url: storyboard } = item.upload;
  const { thumbhash, duration } = item.upload;
  const seek = (seconds) => {
    player.current.currentTime = seconds;
    setTime(seconds);
  };
  return html`
    <div class="screen">
      ${!here && thumbhash && html`<${Blur} hash=${thumbhash} />`}
      <video controls playsinline preload="metadata" ref=${player} src=${url}
        poster=${poster ?? undefined} aria-label=${item.name} onError=${onError}
        onLoadedData=${() => setHere(true)}
        onTimeUpdate=${() => setTime(player.current.currentTime)}></video>
    </div>
    ${storyboard && duration > 0 && html`<${Strip} item=${item} time=${time} onSeek=${seek} />`}`;
}
