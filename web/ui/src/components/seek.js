/* A slider over the length of a player. The browser's own range input, so that pointer, touch,
   keyboard and screen reader come with it; it is drawn by what lies under it. */
import { useState } from 'preact/hooks';
import { html } from '../html.js';
import { durationWords } from '../words.js';

const STEPS = 200; /* of a key; a finger is no finer */

/*
 * `onSeek(seconds)` when a person has chosen; `onLook(seconds, part)` while they only look, with
 * the part of the length from 0 to 1, and onLook(null) when they look away.
 */
export function Seek({ label, time, duration, onSeek, onLook = () => {} }) {
  const [held, setHeld] = useState(null); /* what is being chosen, whatever the player does */
  const value = held ?? time;
  const look = (seconds) => onLook(seconds, seconds / duration);
  const choosing = ({ currentTarget: input }) => {
    setHeld(Number(input.value));
    look(Number(input.value));
  };
  const chosen = ({ currentTarget: input }) => {
    setHeld(null);
    onSeek(Number(input.value));
  };
  const moved = ({ currentTarget: input, clientX }) => {
    const { left, width } = input.getBoundingClientRect();
    look(Math.min(Math.max((clientX - left) / width, 0), 1) * duration);
  };
  return html`
    <input class="seek" type="range" min="0" max=${duration}
      step=${Math.max(duration / STEPS, 0.1)} value=${value} aria-label=${label}
      aria-valuetext=${`${durationWords(value)} of ${durationWords(duration)}`}
      onPointerMove=${moved} onPointerLeave=${() => onLook(null)} onBlur=${() => onLook(null)}
      onPointerUp=${({ pointerType }) => pointerType === 'mouse' || onLook(null)}
      onFocus=${({ currentTarget }) =>
        currentTarget.matches(':focus-visible') && look(Number(currentTarget.value))}
      onInput=${choosing} onChange=${chosen} />`;
}
