import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { InputError } from '../schema.ts';
import { callersOf } from './callers.ts';
import { rolesFolder } from './readme.ts';
import { type FlowName, flowNames, flowTitles, type WrittenFile } from './setup.ts';

/** A file to write, beside the one that stands at its place. */
export interface StandingFile extends WrittenFile {
  /** The text there; absent where there is none. */
  readonly found: string | undefined;
}

/**
 * What stands at the places of the files.
 * @throws {InputError} naming each place where no file can be written; nothing has been written then
 */
export const standingFiles = (root: string, files: readonly WrittenFile[]): readonly StandingFile[] => {
  const blocked = [...new Set(files.flatMap(({ path }) => obstacleOf(root, path) ?? []))];
  if (blocked.length > 0) throw new InputError(`nothing was written: ${blocked.join('; ')}`);
  return files.map((file) => ({ ...file, found: contentOf(root, file.path) }));
};

const obstacleOf = (root: string, path: string): string | undefined => {
  const parts = path.split('/');
  for (const [index] of parts.entries()) {
    const place = parts.slice(0, index + 1).join('/');
    const full = join(root, place);
    const isFile = index === parts.length - 1;
    const seen = lstatSync(full, { throwIfNoEntry: false });
    if (seen === undefined) return undefined;
    // Behind a link out of the repository lies a file of another owner, which no commit would contain.
    if (seen.isSymbolicLink() && !isInside(root, full))
      return `${place} is a link to a place outside of the repository, or to none`;
    const isDirectory = statSync(full).isDirectory();
    if (isFile && isDirectory) return `${place} is a folder, and a file belongs there; move it`;
    if (!isFile && !isDirectory) return `${place} is a file, and a folder belongs there; move it`;
  }
  return undefined;
};

const isInside = (root: string, link: string): boolean => {
  try {
    const path = relative(realpathSync(root), realpathSync(link));
    return path !== '..' && !path.startsWith(`..${sep}`);
  } catch {
    return false;
  }
};

const contentOf = (root: string, path: string): string | undefined => {
  if (statSync(join(root, path), { throwIfNoEntry: false }) === undefined) return undefined;
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    throw new InputError(`${path} could not be read: ${error instanceof Error ? error.message : error}`);
  }
};

/**
 * Files of another flow or of other environments, written earlier, that would take part in this delivery: two callers deliver a commit twice, and the
 * commands of `delivery/README.md` make a role of each folder and attach each policy in it.
 * @returns a sentence for each
 */
export const leftOvers = (root: string, flow: FlowName, files: readonly WrittenFile[]): readonly string[] => {
  const written = new Set(files.map(({ path }) => path));
  const callers = flowNames
    .filter((other) => other !== flow)
    .flatMap((other) => callersOf(other).map((name) => ({ other, path: `.github/workflows/${name}` })))
    .filter(({ path }) => !written.has(path) && statSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .map(({ other, path }) => `${path} delivers by ${flowTitles[other]}`);
  const roles = filesBelow(root, rolesFolder)
    .filter((path) => path.endsWith('.json') && !written.has(path))
    .map((path) => `${path} belongs to no role of this delivery`);
  return [...callers, ...roles];
};

const filesBelow = (root: string, folder: string): readonly string[] => {
  if (!statSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.split(sep).join('/')}`)
    .sort();
};
