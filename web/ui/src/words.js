/* Numbers and states in words a person would use. All pure. */
import { percentOf, stateOf } from './state.js';

/* Decimal units, as phones and shops count. */
export function sizeWords(bytes) {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (unit < units.length - 1 && value >= (unit ? 999.5 : 1000)) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;

/* Roughly, as nobody knows better: the words change seldom and never promise seconds they cannot
   keep. */
export function leftWords(seconds) {
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds left`;
  const minutes = Math.max(Math.round(seconds / 60), 1);
  if (minutes < 60) return `about ${count(minutes, 'minute')} left`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return 'more than a day left';
  const rest = Math.round((minutes % 60) / 10) * 10;
  if (rest === 60) return `about ${count(hours + 1, 'hour')} left`;
  return `about ${count(hours, 'hour')}${rest ? ` ${rest} minutes` : ''} left`;
}

/* A countdown to the next try. */
export function againWords(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 0) return 'Trying again now.';
  if (seconds < 100) return `Trying again in ${count(seconds, 'second')}.`;
  return `Trying again in ${count(Math.round(seconds / 60), 'minute')}.`;
}

/* 75 → "1:15" */
export function durationWords(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/* A capture time as the viewer's clock and language have it, in one piece; empty for what is no
   time. */
export function takenWords(time, locale, timeZone) {
  const date = new Date(time);
  if (!time || Number.isNaN(date.getTime())) return '';
  const words = date.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  return `Taken ${words}`.replace(/ /g, '\u00a0');
}

/* The usual name of a picture's size, by its shorter side. */
function sizeName(width, height) {
  const side = Math.min(width, height);
  return { 2160: '4K', 4320: '8K' }[side] ?? `${side}p`;
}

/* What was found first may be smaller than what is made: pictures can grow within a film. */
function smallerWords({ width, height, original_width: before, original_height: tall }) {
  if (!(Math.min(before, tall) > Math.min(width, height))) return 'made smaller';
  return `made smaller: ${sizeName(before, tall)} to ${sizeName(width, height)}`;
}

/* What a video lacks: why its original is kept, and what is gone where it is not. */
const lackWords = new Map(
  Object.entries({
    part: ['the video may lack some of it', 'some of it'],
    damaged: ['parts of it are damaged', 'damaged parts'],
    larger_parts: ['some of its pictures are larger', 'larger pictures'],
    sound: ['its sound could not be played', 'the sound'],
    sound_track: ['it has a second sound track', 'a second sound track'],
    picture_track: ['it has a second picture', 'a second picture'],
    subtitles: ['it has subtitles', 'subtitles'],
    channels: ['it has surround sound', 'surround sound'],
    second_eye: ['it has a picture for each eye', 'the picture for the other eye'],
    sphere: ['it goes all around', 'the look around'],
    alpha: ['it is transparent in places', 'transparency'],
  }),
);

/* What was done to it. Words that are in neither table are no news to anybody. */
const changeWords = new Map(
  Object.entries({
    size: smallerWords,
    hdr: () => 'HDR made standard',
    frame_rate: () => 'made 60 pictures a second',
    shape: () => 'turned parts between bars',
  }),
);

/* A sentence, or nothing where there is nothing to tell. */
function sentence(beginning, parts) {
  const known = parts.filter(Boolean);
  if (!known.length) return '';
  const text = `${beginning}${known.join(', ')}.`;
  return text[0].toUpperCase() + text.slice(1);
}

/* What became of the original on the way; empty when nothing is worth telling. */
export function lossWords(upload) {
  const { losses = [], kept_for: kept = [], original_url: original } = upload ?? {};
  if (original)
    return sentence('Original kept: ', kept.map((word) => lackWords.get(word)?.[0]));
  const changes = losses.map((word) => changeWords.get(word)?.(upload));
  const gone = losses.map((word) => lackWords.get(word)?.[1]);
  return [sentence('', changes), sentence('Gone with the original: ', gone)]
    .filter(Boolean)
    .join(' ');
}

export function kindWords(kind) {
  return { photo: 'Photo', video: 'Video', audio: 'Recording' }[kind] ?? 'File';
}

function processingWords(item) {
  const percent = percentOf(item);
  if (item.upload.stage === 'fetch') return 'Being fetched for preparation';
  if (item.upload.stage === 'deliver') return 'Prepared, on its way back';
  return percent === null ? 'Being prepared' : `Being prepared, ${percent} %`;
}

function pendingWords({ upload }) {
  const place = Number(upload.queue_position);
  return place > 1 ? `Waiting for preparation, number ${place} in line` : 'Waiting for preparation';
}

/* The item's state as one phrase. `now` in ms; `online` is what the browser believes about its
   network. */
export function stateWords(item, { now = 0, online = true } = {}) {
  switch (stateOf(item)) {
    case 'waiting':
      return 'Waiting its turn';
    case 'sending':
      return `Sending, ${percentOf(item) ?? 0} %`;
    case 'checking':
      return 'Sent, being checked';
    case 'retrying':
      if (!online) return 'This device is offline. Sending goes on by itself when it is back.';
      return `${item.problem.detail} ${againWords(item.retryAt - now)}`;
    case 'cancelled':
      return 'Cancelled';
    case 'asking':
      return 'Asking the server how it is doing';
    case 'pending':
      return pendingWords(item);
    case 'validating':
      return 'Checking the file…';
    case 'processing':
      return processingWords(item);
    case 'completed':
      return 'Ready';
    case 'failed':
      return `Failed: ${failure(item)}`;
    default:
      return stateOf(item);
  }
}

function failure(item) {
  const { detail } = item.problem ?? {};
  return detail ?? item.upload?.error ?? 'the server did not say why.';
}

/* What a screen reader hears: without countdowns, and with the name. */
export function newsWords(item) {
  if (stateOf(item) === 'retrying')
    return `${item.name}: ${item.problem.detail} It will be sent again by itself.`;
  return `${item.name}: ${stateWords(item)}`;
}

/* The line above the list: "2 being sent, 1 being prepared, 3 ready." Empty when there is
   nothing to tell. */
export function summaryWords(items) {
  const groups = [
    ['being sent', ['sending', 'checking', 'retrying']],
    ['waiting to be sent', ['waiting']],
    ['being prepared', ['pending', 'validating', 'processing']],
    ['ready', ['completed']],
    ['failed', ['failed']],
  ];
  return groups
    .map(([word, states]) => [items.filter((item) => states.includes(stateOf(item))).length, word])
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
}
