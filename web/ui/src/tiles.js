/* A storyboard's tiles, from the WebVTT file that the server writes. All pure. */

const CUE = /^(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;

/* "01:02:03.500" → 3723.5 */
const seconds = (time) => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

/* [{ start, end, url, x, y, width, height }] in the order of time; `base` is the file's own
   address. */
export function tilesOf(text, base) {
  return [...text.matchAll(CUE)].map(([, start, end, sheet, ...box]) => {
    const [x, y, width, height] = box.map(Number);
    const url = new URL(sheet, base).href;
    return { start: seconds(start), end: seconds(end), url, x, y, width, height };
  });
}

/* The tile that shows this moment: the last that has begun, or the first. Null for no tiles. */
export function tileAt(tiles, time) {
  return tiles.filter(({ start }) => start <= time).pop() ?? tiles[0] ?? null;
}
