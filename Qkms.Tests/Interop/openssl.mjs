// The openssl command for the live-*.mjs programs. It takes keys, messages and signatures from files, in a folder that only the
// owner reads.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'qkms-live-'));

/** What a run of it gave, whatever its status. */
export function openssl(parameters, input) {
  const result = spawnSync('openssl', parameters, { input });
  if (result.error) throw result.error;
  return result;
}

/** The path of a file with this content; one of the same name is overwritten. */
export function inFolder(name, content) {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

export const removeFolder = () => rmSync(folder, { recursive: true });
