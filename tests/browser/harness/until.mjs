/* Waits for a condition to become true, and says which one did not. */
import { setTimeout as pause } from 'node:timers/promises';

export async function until(what, condition, ms = 30_000) {
  const end = Date.now() + ms;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`waited ${ms / 1000} s in vain until ${what}`);
    await pause(25);
  }
}
