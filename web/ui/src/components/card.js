/* One item of the list: what it is, how it is doing, and what can be done with it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../html.js';
import { canSendAgain, percentOf, settled, stateOf } from '../state.js';
import {
  durationWords,
  kindWords,
  leftWords,
  lossWords,
  sizeWords,
  stateWords,
  takenWords,
} from '../words.js';
import { ratePerSecond, rateSecondsLeft, rateStands } from '../rate.js';
import { Actions, Remove } from './actions.js';
import { View } from './view.js';

/* The time of day, while the words depend on it. */
function useNow(ticking) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!ticking) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}

function Progress({ item }) {
  const state = stateOf(item);
  if (!['sending', 'checking', 'validating', 'processing'].includes(state)) return null;
  const percent = percentOf(item);
  const done = { validating: 'checked', processing: 'prepared' }[state] ?? 'sent';
  const label = `${item.name}: ${done}`;
  return percent === null
    ? html`<progress key="unknown" aria-label=${label} max="100"></progress>`
    : html`<progress key="known" aria-label=${label} max="100" value=${percent}></progress>`;
}

/* The small print under the state: how much, how fast, how long, or what it is. */
function facts(item, now) {
  if (stateOf(item) === 'sending') {
    const sent = `${sizeWords(item.sent)} of ${sizeWords(item.size)}`;
    if (rateStands(item.rate, now)) return [sent, 'nothing gets through at the moment'];
    const rate = ratePerSecond(item.rate);
    const left = rateSecondsLeft(item.rate, item.size);
    return [
      sent,
      rate !== null && `${sizeWords(rate)} a second`,
      left !== null && leftWords(left),
    ];
  }
  const { width, height, duration, captured_at: captured } = item.upload ?? {};
  const kind = item.upload && kindWords(item.kind); /* only a guess before the server has looked */
  return [
    kind,
    Number.isFinite(item.size) && sizeWords(item.size),
    duration > 0 && durationWords(duration),
    width > 0 && height > 0 && `${width} × ${height}`,
    takenWords(captured),
  ];
}

/* Long names break where cameras put their underscores, rather than before the last letter. */
function breakable(name) {
  return name.match(/[^-_.]+[-_.]*|[-_.]+/g)?.map((part) => html`${part}<wbr />`) ?? name;
}

export function Card({ item, library }) {
  const state = stateOf(item);
  const now = useNow(['sending', 'retrying'].includes(state));
  const card = useRef(null);
  const loss = state === 'completed' ? lossWords(item.upload) : '';
  const requestId = state === 'failed' ? item.problem?.requestId : null;

  /* A button that was just used may be gone afterwards; the focus stays with the card then. */
  const keepFocus = () =>
    requestAnimationFrame(() => {
      const lost = !document.activeElement || document.activeElement === document.body;
      if (lost)
        (card.current?.isConnected ? card.current : document.getElementById('files'))?.focus();
    });

  return html`
    <li class="card" data-state=${state} ref=${card} tabindex="-1">
      <${View} item=${item} />
      <div class="text">
        <div class="name">
          <h3 title=${item.name}>${breakable(item.name)}</h3>
          ${settled(item) && html`<${Remove} item=${item} library=${library} used=${keepFocus} />`}
        </div>
        <p class="state">${stateWords(item, { now, online: navigator.onLine })}</p>
        <${Progress} item=${item} />
        <p class="facts">${facts(item, now).filter(Boolean).join(' · ')}</p>
        ${loss && html`<p class="facts">${loss}</p>`}
        ${requestId && html`<p class="facts">Request ${requestId}</p>`}
      </div>
      <${Actions} item=${item} library=${library} again=${canSendAgain(item)} used=${keepFocus} />
    </li>`;
}
