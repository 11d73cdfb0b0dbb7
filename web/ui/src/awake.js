/* Keeps a phone's screen on while something is being sent: in a locked phone, sending stops. */
export function createAwake() {
  let lock = null;
  let wanted = false;

  async function update() {
    if (wanted && !lock && !document.hidden) {
      const fresh = await navigator.wakeLock?.request('screen').catch(() => null);
      fresh?.addEventListener('release', () => {
        if (lock === fresh) lock = null;
      });
      lock = fresh ?? null;
    }
    if (!wanted) await lock?.release();
  }

  document.addEventListener('visibilitychange', update);
  return (want) => {
    if (want === wanted) return;
    wanted = want;
    update();
  };
}
