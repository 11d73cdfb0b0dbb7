/* Files as they come out of a drop or a paste. */

/* Whether something dragged over the page holds files at all (and not a piece of text). */
export function holdsFiles(transfer) {
  return [...(transfer?.types ?? [])].includes('Files');
}

/* Returns { files, folders }: browsers offer a folder as a file that cannot be read. */
export function filesOf(transfer) {
  let folders = 0;
  const files = [];
  for (const part of transfer?.items ?? []) {
    if (part.kind !== 'file') continue;
    if (part.webkitGetAsEntry?.()?.isDirectory) folders += 1;
    else files.push(part.getAsFile());
  }
  return { files: files.filter(Boolean), folders };
}

/* A pasted picture is always called image.png; the time makes its name mean something. */
export function namedPaste(file, now) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const stamp = new Date(now - new Date(now).getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ')
    .replace(/:/g, '-');
  return new File([file], `Pasted ${stamp}.${file.name.split('.').pop()}`, { type: file.type });
}
