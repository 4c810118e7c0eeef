import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An example of this package. The sources lie two folders below its root, the compiled files three. */
export const example = (name: string): string => {
  const folders = ['../../examples', '../../../examples'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const folder = folders.find((one) => existsSync(join(one, name)));
  if (folder === undefined) throw new Error(`no ${name} in ${folders.join(' or ')}`);
  return readFileSync(join(folder, name), 'utf8');
};
