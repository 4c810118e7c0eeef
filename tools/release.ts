/**
 * The decisions of a release of this repository; `.github/workflows/release.yml` and `withdraw-release.yml` carry them out.
 *
 *   node tools/release.ts plan                    is the version of package.json a release that is due? Prints the workflow's outputs.
 *   node tools/release.ts notes FILE              writes its section of CHANGELOG.md
 *   node tools/release.ts subjects FILE [MORE…]   writes the SHA-256 of every file that users run, and of these, in the form of sha256sum
 *   node tools/release.ts withdraw TO             to which release the floating tag goes back. Prints the workflow's outputs.
 *
 * Exit code 1, with one sentence, where a rule is broken: then nothing is tagged and nothing is published.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gt, lt, major, prerelease, rsort, valid } from 'semver';

export class ReleaseError extends Error {}

export interface Repository {
  readonly version: string;
  /** The version of package-lock.json. */
  readonly locked: string;
  readonly changelog: string;
  /** Every tag. */
  readonly tags: readonly string[];
}

export interface ReleasePlan {
  readonly due: boolean;
  readonly tag: string;
  /** The tag that users follow, `v1`; it moves with each release but a prerelease. */
  readonly floating: string;
  readonly prerelease: boolean;
}

const releasesOf = (tags: readonly string[]): readonly string[] =>
  rsort(tags.filter((tag) => /^v\d+\.\d+\.\d+/.test(tag) && valid(tag) !== null));

/** @throws {ReleaseError} */
export const planRelease = ({ version, locked, changelog, tags }: Repository): ReleasePlan => {
  if (valid(version) !== version)
    throw new ReleaseError(`package.json: ${JSON.stringify(version)} is not a semantic version`);
  const tag = `v${version}`;
  const plan = { tag, floating: `v${major(version)}`, prerelease: prerelease(version) !== null };
  if (tags.includes(tag)) return { ...plan, due: false };
  const [newest] = releasesOf(tags);
  if (newest !== undefined && !gt(version, newest))
    throw new ReleaseError(`package.json: ${version} is not above ${newest}, which is released; versions only grow`);
  if (locked !== version)
    throw new ReleaseError(
      `package-lock.json has the version ${locked}, and package.json has ${version}: run npm install`,
    );
  notesOf(version, changelog);
  return { ...plan, due: true };
};

/** The text below `## 1.4.0`, which may have a date behind the version. @throws {ReleaseError} */
export const notesOf = (version: string, changelog: string): string => {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((one) => one.split(/\s/, 1)[0] === version);
  const text = section?.slice(section.indexOf('\n') + 1).trim() ?? '';
  if (text === '')
    throw new ReleaseError(`CHANGELOG.md has no section "## ${version}" with text: write the changes for users there`);
  return text;
};

export interface Withdrawal {
  readonly tag: string;
  readonly floating: string;
  /** GitHub shows it as the latest release: there is none of a later major version. */
  readonly latest: boolean;
  readonly withdrawn: readonly string[];
}

/**
 * @param to the release that users of the floating tag get again
 * @throws {ReleaseError}
 */
export const planWithdrawal = (to: string, tags: readonly string[]): Withdrawal => {
  const version = valid(to);
  const released = releasesOf(tags);
  const good = released.filter((tag) => prerelease(tag) === null);
  if (version === null || to !== `v${version}` || prerelease(version) !== null)
    throw new ReleaseError(`${JSON.stringify(to)} is not the tag of a release, such as v1.4.0`);
  if (!released.includes(to))
    throw new ReleaseError(`${to} is not released; there are ${good.join(', ') || 'no releases'}`);
  const withdrawn = good.filter((tag) => major(tag) === major(version) && lt(version, tag));
  if (withdrawn.length === 0)
    throw new ReleaseError(`${to} is the newest release of v${major(version)}: there is nothing to withdraw`);
  const latest = !good.some((tag) => major(tag) > major(version));
  return { tag: to, floating: `v${major(version)}`, latest, withdrawn };
};

/** The files that a user's runner or account executes, relative to the repository, in a fixed order. */
export const deliveredFiles = (root: string): readonly string[] =>
  globSync(
    ['actions/*/action.yml', '{actions,codebuild}/*/dist/**', '.github/workflows/*.yml', 'codebuild/templates/*.json'],
    {
      cwd: root,
    },
  )
    .filter((path) => statSync(join(root, path)).isFile())
    .sort();

/** Lines of `sha256sum`: the files of the repository by their paths, the others by their names. */
export const checksumsOf = (root: string, more: readonly string[]): string =>
  [...deliveredFiles(root).map((path) => [join(root, path), path]), ...more.map((path) => [path, basename(path)])]
    .map(([path = '', name]) => `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${name}\n`)
    .join('');

const outputsOf = (values: object): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(' ') : value}`)
    .join('\n');

const run = (root: string, [command, first, ...more]: readonly string[]): string | undefined => {
  const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
  const versionOf = (path: string): string => {
    if (read(path) === '') throw new ReleaseError(`no ${path} in ${root}: run this at the root of the repository`);
    return (JSON.parse(read(path)) as { readonly version: string }).version;
  };
  const tags = (): readonly string[] =>
    execFileSync('git', ['tag'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const version = versionOf('package.json');
  if (command === 'plan' && first === undefined)
    return outputsOf(
      planRelease({
        version,
        locked: versionOf('package-lock.json'),
        changelog: read('CHANGELOG.md'),
        tags: tags(),
      }),
    );
  if (command === 'withdraw' && first !== undefined) return outputsOf(planWithdrawal(first, tags()));
  if (command === 'notes' && first !== undefined) writeFileSync(first, `${notesOf(version, read('CHANGELOG.md'))}\n`);
  else if (command === 'subjects' && first !== undefined) writeFileSync(first, checksumsOf(root, more));
  else throw new ReleaseError('usage: node tools/release.ts plan | notes FILE | subjects FILE [MORE…] | withdraw TO');
  return undefined;
};

if (import.meta.main)
  try {
    const printed = run(process.cwd(), process.argv.slice(2));
    if (printed !== undefined) console.log(printed);
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(`::error::${error.message}`);
    process.exitCode = 1;
  }
