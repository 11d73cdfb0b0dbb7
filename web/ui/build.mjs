/*
 * Builds the page: node web/ui/build.mjs OUTDIR
 *
 * Writes to OUTDIR/files what the browser gets, each with its .gz and .br copy, and
 * OUTDIR/assets.c, which embeds them. The same sources always give the same bytes. assets.c is
 * written last: when it is there, everything is.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const SCRIPT_GZIP_MAX = 18 * 1024; /* bytes; the page must open fast on a bad connection */

if (process.argv.length !== 3) {
  console.error('usage: node web/ui/build.mjs OUTDIR');
  process.exit(64);
}
const outdir = resolve(process.argv[2]);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const source = (...path) => join(here, ...path);

/* The entry's code or style, bundled and minified. */
async function bundle(entry) {
  const result = await build({
    entryPoints: [source(entry)],
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2020',
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  return Buffer.from(result.outputFiles[0].contents);
}

function hashed(stem, extension, bytes) {
  return `/assets/${stem}-${sha256(bytes).slice(0, 10)}.${extension}`;
}

function filled(text, values) {
  return text.replace(/%([A-Z]+)%/g, (_, name) => {
    if (!(name in values)) throw new Error(`nothing to put in place of %${name}%`);
    return values[name];
  });
}

/* What the page is made of comes with the texts its authors ask to pass on. */
function licences() {
  const parts = ['preact', 'htm', 'thumbhash'].map((name) => {
    const folder = source('node_modules', name);
    const { version, license, repository } = JSON.parse(readFileSync(join(folder, 'package.json')));
    const file = join(folder, 'LICENSE');
    const text = existsSync(file)
      ? readFileSync(file, 'utf8').trim()
      : `Its package names the licence only; the text is at ${repository.url}`;
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return Buffer.from(`The page of Reelkeep contains:\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`);
}

async function collect() {
  const [script, style] = await Promise.all([bundle('src/main.js'), bundle('src/style.css')]);
  const icon = readFileSync(source('src', 'icon.svg'));
  const licence = licences();
  const names = {
    SCRIPT: hashed('app', 'js', script),
    STYLE: hashed('app', 'css', style),
    ICON: hashed('icon', 'svg', icon),
    LICENCES: hashed('licences', 'txt', licence),
  };
  const manifest = Buffer.from(filled(readFileSync(source('src', 'manifest.json'), 'utf8'), names));
  names.MANIFEST = hashed('reelkeep', 'webmanifest', manifest);
  const index = Buffer.from(filled(readFileSync(source('src', 'index.html'), 'utf8'), names));

  const asset = (path, type, bytes) => ({
    path,
    type,
    bytes,
    immutable: path.startsWith('/assets/'),
  });
  return [
    asset('/', 'text/html; charset=utf-8', index),
    asset(names.LICENCES, 'text/plain; charset=utf-8', licence),
    asset(names.SCRIPT, 'text/javascript; charset=utf-8', script),
    asset(names.STYLE, 'text/css; charset=utf-8', style),
    asset(names.ICON, 'image/svg+xml', icon),
    asset(names.MANIFEST, 'application/manifest+json', manifest),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/* Each coding's bytes and the file they go to; null where the copy would not be smaller. */
function codings({ path, bytes }) {
  const name = path === '/' ? '/index.html' : path;
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  const smaller = (suffix, copy) =>
    copy.length < bytes.length ? { name: name + suffix, bytes: copy } : null;
  return { identity: { name, bytes }, gzip: smaller('.gz', gzip), brotli: smaller('.br', brotli) };
}

const cString = (text) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

function cEmbed(symbol, path) {
  const lines = [
    '.pushsection .rodata',
    `.hidden ${symbol}`,
    `.globl ${symbol}`,
    '.balign 16',
    `${symbol}:`,
    `.incbin ${cString(path)}`,
    '.popsection',
  ];
  const assembly = lines
    .map((line) => `    ${cString(`${line}\n`).replace(/\n/g, '\\n')}`)
    .join('\n');
  const declaration = `extern const unsigned char ${symbol}[]`;
  return `__asm__(\n${assembly});\n${declaration} __attribute__((visibility("hidden")));\n`;
}

function cBody(body, symbol) {
  if (!body) return '{NULL, 0, ""}';
  return `{${symbol}, ${body.bytes.length}, ${cString(`"${sha256(body.bytes).slice(0, 32)}"`)}}`;
}

function cSource(assets) {
  const embeds = [];
  const rows = assets.map((asset, index) => {
    const bodies = Object.entries(asset.codings).map(([coding, body]) => {
      const symbol = `ui_file_${index}_${coding}`;
      if (body) embeds.push(cEmbed(symbol, join(outdir, 'files', body.name)));
      return `     ${cBody(body, symbol)}`;
    });
    const head = [cString(asset.path), cString(asset.type), asset.immutable].join(', ');
    return `    {${head},\n${bodies.join(',\n')}},`;
  });
  return [
    '/* Written by web/ui/build.mjs. */',
    '#include "web/ui/assets.h"',
    '',
    ...embeds,
    `const UiAsset ui_assets[] = {\n${rows.join('\n')}\n};`,
    '',
    'const size_t ui_asset_count = sizeof ui_assets / sizeof ui_assets[0];',
    '',
  ].join('\n');
}

const assets = (await collect()).map((asset) => ({ ...asset, codings: codings(asset) }));

const script = assets.find(({ path }) => path.endsWith('.js'));
if (script.codings.gzip.bytes.length > SCRIPT_GZIP_MAX) {
  console.error(
    `the script is ${script.codings.gzip.bytes.length} bytes in gzip, over ${SCRIPT_GZIP_MAX}`,
  );
  process.exit(1);
}

rmSync(join(outdir, 'files'), { recursive: true, force: true });
for (const { codings: bodies } of assets) {
  for (const body of Object.values(bodies).filter(Boolean)) {
    const path = join(outdir, 'files', body.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body.bytes);
  }
}
writeFileSync(join(outdir, 'assets.c'), cSource(assets));

for (const {
  path,
  codings: { identity, gzip, brotli },
} of assets) {
  const size = (body) => String(body ? body.bytes.length : '-').padStart(7);
  console.log(`${size(identity)} ${size(gzip)} ${size(brotli)}  ${path}`);
}
