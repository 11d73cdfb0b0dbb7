/* A recording's player, with its waveform where there is one. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { fetched } from '../api.js';
import { html } from '../html.js';
import { WAVE_BARS } from '../limits.js';
import { barsOf, barsPath } from '../peaks.js';
import { Seek } from './seek.js';
import { Sign } from './sign.js';

/* Null until the waveform is here, and where there is none. */
function useBars(url) {
  const [bars, setBars] = useState(null);
  useEffect(() => {
    if (!url) return undefined;
    let wanted = true;
    fetched(url, (answer) => answer.json()).then((wave) => {
      if (wanted && Array.isArray(wave?.data)) setBars(barsOf(wave, WAVE_BARS));
    });
    return () => {
      wanted = false;
    };
  }, [url]);
  return bars;
}

/* The played part is the same drawing in another colour, cut where the player is. */
function Wave({ bars, part }) {
  const path = useMemo(() => barsPath(bars), [bars]);
  const box = `0 0 ${bars.length} 1`;
  return html`
    <svg class="bars" viewBox=${box} preserveAspectRatio="none" aria-hidden="true">
      <path d=${path} />
      <svg width=${bars.length * part} height="1" viewBox=${`0 0 ${bars.length * part} 1`}
        preserveAspectRatio="none">
        <path class="played" d=${path} />
      </svg>
    </svg>`;
}

export function Recording({ item, onError }) {
  const player = useRef(null);
  const [time, setTime] = useState(0);
  const { media_url: url, waveform_url: waveform, duration } = item.upload;
  const bars = useBars(waveform);
  const seek = (seconds) => {
    player.current.currentTime = seconds;
    setTime(seconds);
  };
  const label = `Position in ${item.name}`;
  return html`
    ${
      bars && duration > 0
        ? html`
          <div class="wave">
            <${Wave} bars=${bars} part=${Math.min(time / duration, 1)} />
            <${Seek} label=${label} time=${time} duration=${duration} onSeek=${seek} />
          </div>`
        : html`<${Sign} kind="audio" />`
    }
    <audio controls preload="metadata" ref=${player} src=${url} aria-label=${item.name}
      onTimeUpdate=${() => setTime(player.current.currentTime)} onError=${onError}></audio>`;
}
