/* The blur behind a picture that is still on its way. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { hashPixels } from '../hash.js';
import { html } from '../html.js';

export function Blur({ hash }) {
  const canvas = useRef(null);
  const pixels = useMemo(() => hashPixels(hash), [hash]);
  useEffect(() => {
    if (!pixels) return;
    const { w, h, rgba } = pixels;
    const image = new ImageData(new Uint8ClampedArray(rgba), w, h);
    canvas.current.getContext('2d').putImageData(image, 0, 0);
  }, [pixels]);
  return (
    pixels &&
    html`<canvas class="blur" ref=${canvas} width=${pixels.w} height=${pixels.h}
      aria-hidden="true"></canvas>`
  );
}
