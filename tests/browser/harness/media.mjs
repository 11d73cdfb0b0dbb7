/*
 * Files to send. Real phones' files come from REELKEEP_CORPUS (default: the folder shared/corpus
 * beside the repository); where that is missing, ffmpeg makes lookalikes with the same names and
 * the same rotation.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { top } from './pair.mjs';

const corpus = resolve(process.env.REELKEEP_CORPUS ?? join(top, '..', 'shared', 'corpus'));

let scratch = null;

function scratchFolder() {
  if (!scratch) {
    scratch = mkdtempSync(join(tmpdir(), 'reelkeep-media-'));
    process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  }
  return scratch;
}

function ffmpeg(...args) {
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]);
}

/* A landscape picture stored with the order to show it turned by a quarter, as phones do. */
function makeTurnedVideo(path, size) {
  const flat = `${path}.flat.mp4`;
  ffmpeg(
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${size}:rate=30:duration=2`,
    '-f',
    'lavfi',
    '-i',
    'sine=duration=2',
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
    '-shortest',
    flat,
  );
  try {
    ffmpeg('-display_rotation', '-90', '-i', flat, '-c', 'copy', path);
  } catch {
    ffmpeg('-i', flat, '-c', 'copy', '-metadata:s:v:0', 'rotate=90', path); /* FFmpeg before 6 */
  }
}

/* The first box of a HEIC picture (ISO/IEC 14496-12 §4.3); nothing here decodes the rest. */
const HEIC_START =
  '\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x0cmeta\0\0\0\0\0\0\0\0mdat';

const makers = {
  'video/iphone_h264_gps_rot90.mov': (path) => makeTurnedVideo(path, '568x320'),
  'video/android_4k60_portrait_h264.mp4': (path) => makeTurnedVideo(path, '3840x2160'),
  'image/nikon_gps.jpg': (path) =>
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=640x480', '-frames:v', '1', path),
  'audio/voice_8khz_aac.m4a': (path) =>
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'sine=frequency=330:duration=3',
      '-ar',
      '8000',
      '-c:a',
      'aac',
      path,
    ),
  'audio/iphone_voicememo_alac.m4a': (path) => ffmpeg(...TONE, '-c:a', 'alac', path),
  'image/iphone13promax.HEIC': (path) =>
    writeFileSync(path, Buffer.from(HEIC_START.padEnd(4096, '\0'), 'latin1')),
};

/* The path of a corpus file, or of its lookalike. */
export function media(name) {
  const real = join(corpus, name);
  if (existsSync(real)) return real;
  const made = join(scratchFolder(), name);
  if (!existsSync(made)) {
    mkdirSync(dirname(made), { recursive: true });
    makers[name](made);
  }
  return made;
}

export const iphone = () => media('video/iphone_h264_gps_rot90.mov');
export const android = () => media('video/android_4k60_portrait_h264.mp4');
export const photo = () => media('image/nikon_gps.jpg');
export const heic = () => media('image/iphone13promax.HEIC');
export const recording = () => media('audio/voice_8khz_aac.m4a');
export const memo = () => media('audio/iphone_voicememo_alac.m4a');

/* Made once for all stories of a file; `make` gets the path to write. */
function made(name, make) {
  const path = join(scratchFolder(), name);
  if (!existsSync(path)) make(path);
  return path;
}

const TONE = ['-f', 'lavfi', '-i', "aevalsrc='0.8*sin(2*PI*330*t)*abs(sin(t))':d=12"];

/* Sound alone in a container that usually holds a video. */
export const soundAlone = () =>
  made('only sound.mp4', (path) => ffmpeg(...TONE, '-c:a', 'aac', path));

/* What a transcoder makes of it: form fields and paths. */
export function preparedSound() {
  const audio = made('prepared.m4a', (path) => ffmpeg(...TONE, '-c:a', 'aac', path));
  return { audio_file: audio, waveform_file: waveformOf(audio) };
}

/* The peaks of a file's sound at 8,000 samples a second, 200 of them to a pair. */
function waveformOf(sound) {
  const rate = 8000;
  const each = 200;
  const args = ['-v', 'error', '-i', sound, '-ac', '1', '-ar', `${rate}`, '-f', 's8', '-'];
  const samples = new Int8Array(execFileSync('ffmpeg', args, { maxBuffer: 1 << 28 }));
  const length = Math.ceil(samples.length / each);
  const data = Array.from({ length }, (_, pair) => {
    const part = samples.subarray(pair * each, (pair + 1) * each);
    return [Math.min(...part), Math.max(...part)];
  }).flat();
  const value = { version: 2, channels: 1, sample_rate: rate, samples_per_pixel: each, bits: 8 };
  return written(`${basename(sound)}.json`, JSON.stringify({ ...value, length, data }));
}

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=20'];

/* The same of a video of 20 seconds: a tile every 2 seconds, in two rows. */
export function preparedVideo() {
  const h264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast'];
  const tiles = 'fps=1/2:start_time=0:round=up,scale=160:90,tile=5x2';
  const times = (second) => `00:00:${String(second).padStart(2, '0')}.000`;
  const cues = Array.from({ length: 10 }, (_, index) => {
    const box = [(index % 5) * 160, Math.floor(index / 5) * 90, 160, 90];
    return `\n${times(index * 2)} --> ${times(index * 2 + 2)}\nstoryboard.jpg#xywh=${box}\n`;
  });
  return {
    video_file: made('prepared.mp4', (path) => ffmpeg(...PICTURE, ...TONE, ...h264, path)),
    poster_file: made('poster.jpg', (path) => ffmpeg(...PICTURE, '-frames:v', '1', path)),
    storyboard_file: made('storyboard.jpg', (path) =>
      ffmpeg(...PICTURE, '-vf', tiles, '-frames:v', '1', path),
    ),
    storyboard_vtt: written('storyboard.vtt', `WEBVTT\n${cues.join('')}`),
  };
}

/* A file as a drop needs it. */
export function dropped(path, type) {
  return { name: basename(path), type, bytes: readFileSync(path) };
}

/* Writes a file of our own and returns its path. */
export function written(name, bytes) {
  const path = join(scratchFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

/* A recording of `megabytes` MB: long enough to be caught while it is being sent. PCM, one quiet
   tone. */
export function longRecording(name, megabytes) {
  const rate = 48_000;
  const data = Buffer.alloc(megabytes * 1_000_000);
  for (let index = 0; index < data.length / 2; index += 1) {
    data.writeInt16LE(Math.round(3000 * Math.sin((index / rate) * 2 * Math.PI * 220)), index * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); /* PCM */
  header.writeUInt16LE(1, 22); /* one channel */
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return written(name, Buffer.concat([header, data]));
}
