import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  againWords,
  durationWords,
  leftWords,
  lossWords,
  newsWords,
  sizeWords,
  stateWords,
  summaryWords,
  takenWords,
} from '../../../web/ui/src/words.js';

test('sizes read as phones and shops write them', () => {
  const rows = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [12_345_678, '12 MB'],
    [4_294_967_296, '4.3 GB'],
    [2.5e12, '2.5 TB'],
    [2.5e16, '25000 TB'],
  ];
  for (const [bytes, words] of rows) assert.equal(sizeWords(bytes), words, `${bytes} bytes`);
});

test('time left is rough and never promises too little', () => {
  const rows = [
    [0, 'a few seconds left'],
    [4.9, 'a few seconds left'],
    [5, 'about 5 seconds left'],
    [11, 'about 15 seconds left'],
    [54.9, 'about 55 seconds left'],
    [55, 'about 1 minute left'],
    [89, 'about 1 minute left'],
    [150, 'about 3 minutes left'],
    [3540, 'about 59 minutes left'],
    [3600, 'about 1 hour left'],
    [5400, 'about 1 hour 30 minutes left'],
    [7150, 'about 2 hours left'],
    [36_000, 'about 10 hours left'],
    [100_000, 'more than a day left'],
    [Infinity, 'more than a day left'],
  ];
  for (const [seconds, words] of rows)
    assert.equal(leftWords(seconds), words, `${seconds} seconds`);
});

test('the pause before the next try is counted down', () => {
  const rows = [
    [-1, 'Trying again now.'],
    [0, 'Trying again now.'],
    [1, 'Trying again in 1 second.'],
    [7001, 'Trying again in 8 seconds.'],
    [180_000, 'Trying again in 3 minutes.'],
  ];
  for (const [ms, words] of rows) assert.equal(againWords(ms), words, `${ms} ms`);
});

test('durations look like a player shows them', () => {
  const rows = [
    [0.4, '0:00'],
    [59.5, '1:00'],
    [75, '1:15'],
    [3661, '1:01:01'],
  ];
  for (const [seconds, words] of rows) assert.equal(durationWords(seconds), words, `${seconds} s`);
});

test('what became of the original is told in one sentence', () => {
  const [width, height] = [1920, 1080];
  const large = { width, height, original_width: 3840, original_height: 2160 };
  const rows = [
    [{}, ''],
    [{ losses: [], kept_for: [] }, ''],
    [{ losses: ['data', 'colours'] }, ''],
    [{ losses: ['size'], ...large }, 'Made smaller: 4K to 1080p.'],
    [{ losses: ['size'] }, 'Made smaller.'],
    [{ losses: ['hdr', 'size'], ...large }, 'HDR made standard, made smaller: 4K to 1080p.'],
    [{ losses: ['size'], original_url: '/a.mov', ...large }, ''],
    [
      { losses: ['sound_track', 'size'], kept_for: ['sound_track'], original_url: '/a.mov' },
      'Original kept: it has a second sound track.',
    ],
    [{ losses: ['size'], width: 640, height: 360, original_width: 320, original_height: 180 },
      'Made smaller.'],
    [{ losses: ['sound_track'] }, 'Gone with the original: a second sound track.'],
    [
      { losses: ['sound_track', 'subtitles', 'hdr', 'size', 'data'], ...large },
      'HDR made standard, made smaller: 4K to 1080p. ' +
        'Gone with the original: a second sound track, subtitles.',
    ],
    [
      { losses: ['part'], kept_for: ['part'], original_url: '/a.mov' },
      'Original kept: the video may lack some of it.',
    ],
    [{ losses: ['toString'], kept_for: ['constructor'] }, ''],
  ];
  for (const [upload, words] of rows) assert.equal(lossWords(upload), words);
  assert.equal(lossWords(undefined), '');
});

const kept = (upload) => ({ name: 'a.mp4', phase: 'kept', upload });
const lost = { detail: 'The connection to the server was lost.', status: 0 };

test('a capture time is told as the viewer has it, and what is none is not', () => {
  const rows = [
    ['2024-06-01T10:30:00Z', 'de-DE', 'Taken 01.06.2024, 12:30'],
    ['2024-06-01T10:30:00Z', 'en-GB', 'Taken 1 Jun 2024, 12:30'],
    [null, 'en-GB', ''],
    ['no time', 'en-GB', ''],
  ];
  for (const [time, locale, expected] of rows)
    assert.equal(
      takenWords(time, locale, 'Europe/Berlin').replace(/\u00a0/g, ' '),
      expected,
      `${time} in ${locale}`,
    );
});

test('every state is said in words', () => {
  const rows = [
    [{ phase: 'waiting' }, 'Waiting its turn'],
    [{ phase: 'sending', sent: 42, size: 100 }, 'Sending, 42 %'],
    [{ phase: 'sending', sent: 0, size: 0 }, 'Sending, 0 %'],
    [{ phase: 'checking' }, 'Sent, being checked'],
    [
      { phase: 'retrying', problem: lost, retryAt: 8000 },
      'The connection to the server was lost. Trying again in 8 seconds.',
    ],
    [{ phase: 'cancelled' }, 'Cancelled'],
    [{ phase: 'failed', problem: { detail: 'The file is empty.' } }, 'Failed: The file is empty.'],
    [kept(null), 'Asking the server how it is doing'],
    [kept({ status: 'pending' }), 'Waiting for preparation'],
    [kept({ status: 'pending', queue_position: 1 }), 'Waiting for preparation'],
    [kept({ status: 'pending', queue_position: 4 }), 'Waiting for preparation, number 4 in line'],
    [kept({ status: 'validating' }), 'Checking the file…'],
    [
      kept({ status: 'processing', progress_percentage: 40, stage: 'encode' }),
      'Being prepared, 40 %',
    ],
    [kept({ status: 'processing', progress_percentage: null, stage: null }), 'Being prepared, 0 %'],
    [
      kept({ status: 'processing', progress_percentage: 0, stage: 'fetch' }),
      'Being fetched for preparation',
    ],
    [
      kept({ status: 'processing', progress_percentage: 100, stage: 'deliver' }),
      'Prepared, on its way back',
    ],
    [kept({ status: 'completed' }), 'Ready'],
    [kept({ status: 'failed', error: 'The video is damaged.' }), 'Failed: The video is damaged.'],
    [kept({ status: 'failed', error: null }), 'Failed: the server did not say why.'],
  ];
  for (const [item, words] of rows)
    assert.equal(stateWords(item, { now: 0 }), words, JSON.stringify(item));
});

test('a device without a network is told so instead of a countdown', () => {
  const item = { phase: 'retrying', problem: lost, retryAt: 8000 };
  assert.match(stateWords(item, { now: 0, online: false }), /offline/);
});

test('what is read out names the file and counts nothing down', () => {
  assert.equal(
    newsWords({ ...kept({ status: 'completed' }), name: 'beach.mov' }),
    'beach.mov: Ready',
  );
  const item = { name: 'beach.mov', phase: 'retrying', problem: lost, retryAt: 8000 };
  assert.equal(
    newsWords(item),
    'beach.mov: The connection to the server was lost. It will be sent again by itself.',
  );
});

test('the summary counts what there is and leaves out what there is not', () => {
  const items = [
    { phase: 'sending' },
    { phase: 'retrying' },
    { phase: 'waiting' },
    kept({ status: 'pending' }),
    kept({ status: 'completed' }),
  ];
  assert.equal(
    summaryWords(items),
    '2 being sent, 1 waiting to be sent, 1 being prepared, 1 ready',
  );
  assert.equal(summaryWords([]), '');
});
