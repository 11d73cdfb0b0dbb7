import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tileAt, tilesOf } from '../../../web/ui/src/tiles.js';

const TEXT = `WEBVTT

00:00:00.000 --> 00:00:02.500
a%20b-storyboard.jpg#xywh=0,0,160,90

01:00:02.500 --> 01:00:05.000
a%20b-storyboard.jpg#xywh=160,90,160,90
`;
const BASE = 'http://host/media/log_entries/42/a%20b-storyboard.vtt';

test('the tiles of a storyboard', () => {
  assert.deepEqual(tilesOf(TEXT, BASE), [
    {
      start: 0,
      end: 2.5,
      url: 'http://host/media/log_entries/42/a%20b-storyboard.jpg',
      x: 0,
      y: 0,
      width: 160,
      height: 90,
    },
    {
      start: 3602.5,
      end: 3605,
      url: 'http://host/media/log_entries/42/a%20b-storyboard.jpg',
      x: 160,
      y: 90,
      width: 160,
      height: 90,
    },
  ]);
});

test('text that is no storyboard has no tiles', () => {
  for (const text of ['', 'WEBVTT\n', '<!doctype html>', '00:00 --> 00:01\nno tile\n'])
    assert.deepEqual(tilesOf(text, BASE), []);
});

test('a moment is shown by the last tile that has begun', () => {
  const tiles = tilesOf(TEXT, BASE);
  const rows = [
    [-1, 0],
    [0, 0],
    [3602.4, 0],
    [3602.5, 1],
    [99999, 1],
  ];
  for (const [time, index] of rows) assert.equal(tileAt(tiles, time), tiles[index], `at ${time} s`);
  assert.equal(tileAt([], 1), null);
});
