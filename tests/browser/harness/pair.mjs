/*
 * The two programs under test, as an operator would start them. Each story has its own pair, volume
 * and port; all of it is gone when the story ends, and only processes started here are ended.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

export const top = fileURLToPath(new URL('../../..', import.meta.url));
const build = resolve(process.env.REELKEEP_BUILD ?? join(top, 'build'));

/* A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

class Program {
  constructor(name, env) {
    this.name = name;
    this.env = env;
    this.child = null;
    this.log = '';
  }

  start() {
    const path = join(build, this.name);
    if (!existsSync(path)) throw new Error(`${path} is missing: build it first`);
    this.child = spawn(path, [], {
      env: { PATH: process.env.PATH, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (text) => {
        this.log = (this.log + text).slice(-64_000);
      });
    }
    this.child.on('error', (error) => {
      this.log += `${error.message}\n`;
    });
  }

  running() {
    return (
      this.child?.pid !== undefined &&
      this.child.exitCode === null &&
      this.child.signalCode === null
    );
  }

  async end(signal) {
    if (!this.running()) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

export class Pair {
  static async create(webEnv) {
    const pair = new Pair();
    pair.port = await freePort();
    pair.folder = mkdtempSync(join(tmpdir(), 'reelkeep-browser-'));
    pair.url = `http://127.0.0.1:${pair.port}`;
    pair.token = randomBytes(32).toString('hex');
    const both = {
      TRANSCODING_UPLOAD_TOKEN: pair.token,
      MIN_FREE_SPACE: '16M',
      LOG_FORMAT: 'json',
      SHUTDOWN_SECONDS: '2',
    };
    pair.web = new Program('reelkeep-web', {
      ...both,
      HOST: '127.0.0.1',
      PORT: String(pair.port),
      MEDIA_ROOT: join(pair.folder, 'media'),
      ...webEnv,
    });
    pair.transcoder = new Program('reelkeep-transcoder', {
      ...both,
      WEB_SERVICE_URL: pair.url,
      WORK_DIR: join(pair.folder, 'work'),
      VIDEO_PRESET: 'veryfast',
    });
    return pair;
  }

  async startWeb() {
    this.web.start();
    await until('web is ready', async () => {
      if (!this.web.running()) throw new Error(`reelkeep-web ended at once:\n${this.web.log}`);
      return (await fetch(`${this.url}/readyz`).catch(() => null))?.status === 200;
    });
  }

  startTranscoder() {
    this.transcoder.start();
  }

  async end() {
    await this.transcoder.end('SIGTERM');
    await this.web.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/* A running pair for one story, ended with it. `webEnv` are further settings of web. */
export async function startPair(t, { transcoder = true, webEnv = {} } = {}) {
  const pair = await Pair.create(webEnv);
  t.after(() => pair.end());
  await pair.startWeb();
  if (transcoder) pair.startTranscoder();
  return pair;
}
