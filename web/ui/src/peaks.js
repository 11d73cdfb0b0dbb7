/* A waveform's bars, from the peaks of an audiowaveform file (version 2). All pure. */

/* `count` heights from 0 to 1, the loudest of all being 1; fewer where the file has fewer. */
export function barsOf({ data }, count) {
  const pairs = Math.floor(data.length / 2);
  const bars = Math.min(count, pairs);
  const loudest = Math.max(1, ...data.map(Math.abs));
  return Array.from({ length: bars }, (_, index) => {
    const from = Math.floor((index * pairs) / bars) * 2;
    const to = Math.floor(((index + 1) * pairs) / bars) * 2;
    return Math.max(...data.slice(from, to).map(Math.abs)) / loudest;
  });
}

/* The bars as one SVG path in a box of `bars.length` by 1: strokes from the middle up and down, and
   a dot where it is silent. */
export function barsPath(bars) {
  return bars
    .map((height, index) => {
      const half = Math.max(height * 0.46, 0.001);
      return `M${index + 0.5} ${(0.5 - half).toFixed(3)}v${(2 * half).toFixed(3)}`;
    })
    .join('');
}
