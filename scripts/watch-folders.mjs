// Watches folders with everything below them, new folders too. A watcher for each folder, because editors save by renaming
// a new file over the old one, which a watcher of the file itself misses.
import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/** What nobody edits, and what no program loads. */
const IGNORED = /^(\..*|node_modules|dist|coverage|reports|.*~|.*\.(sw[a-z]|tmp|tsbuildinfo|md)|\d+|.*\.spec\.ts)$/;

/**
 * @param {string[]} roots
 * @param {(path: string) => void} onChange receives each file that was saved, made or removed
 * @returns {() => void} ends the watching
 */
export function watchFolders(roots, onChange) {
  const watchers = new Map();
  const add = (folder, isNew) => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (_event, name) => name && !IGNORED.test(name) && changed(folder, name));
      watcher.on('error', () => forget(folder));
      watchers.set(folder, watcher);
      // After the watcher: what appears in between is seen twice rather than never.
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (IGNORED.test(entry.name)) continue;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) add(path, isNew);
        else if (isNew) onChange(path);
      }
    } catch (error) {
      // It may be gone by now. Anything else, too many watchers for example, is for the caller.
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
      forget(folder);
    }
  };
  const forget = (folder) => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  const changed = (folder, name) => {
    const path = join(folder, name);
    if (isFolder(path)) return add(path, true);
    forget(path);
    onChange(path);
  };
  for (const root of roots) add(root, false);
  return () => [...watchers.keys()].forEach(forget);
}

function isFolder(path) {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
