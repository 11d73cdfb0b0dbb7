/* A ThumbHash as pixels: the blur that stands for a picture until it is here. */
import { thumbHashToRGBA } from 'thumbhash';

const BYTES_MIN = 5; /* fewer are none */

/* { w, h, rgba } from base64, or null for none and for what is none. */
export function hashPixels(base64) {
  try {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return bytes.length < BYTES_MIN ? null : thumbHashToRGBA(bytes);
  } catch {
    return null;
  }
}
