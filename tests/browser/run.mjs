/*
 * The page in a real browser, with the real pair: node tests/browser/run.mjs [word …]
 * Words pick stories by file name. Settings: see README.md.
 */
import { readdirSync } from 'node:fs';
import { after } from 'node:test';
import { closeBrowser } from './harness/browser.mjs';

const words = process.argv.slice(2);
const stories = readdirSync(new URL('stories/', import.meta.url))
  .filter((name) => name.endsWith('.mjs'))
  .filter((name) => !words.length || words.some((word) => name.includes(word)))
  .sort();

after(closeBrowser);
for (const name of stories) await import(`./stories/${name}`);
