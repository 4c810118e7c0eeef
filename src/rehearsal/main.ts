import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { suggest } from '../manifest/suggest.ts';
import { jsonText } from '../plain-text.ts';
import { InputError, type ValuesOf } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { rehearseInputs } from './inputs.ts';
import { type ManifestRehearsal, rehearseManifest } from './own/rehearse-manifest.ts';
import { subjectOf } from './own/subject.ts';
import { type Out, playAll, playStory } from './play.ts';
import { scenarios } from './scenarios/all.ts';
import { rehearseSettings } from './settings.ts';
import { legend } from './timeline.ts';
import type { ScenarioVerdict } from './verdict.ts';

/** @returns the exit code: 0 when all scenarios ended as expected, 1 when not, 2 for a wrong command line */
export const rehearse = async (args: readonly string[], terminal: Terminal): Promise<number> => {
  try {
    return await rehearseAs(readOptions(args), terminal);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.err(`rehearse: ${error.message}`);
    return 2;
  }
};

const rehearseAs = async (options: Options, terminal: Terminal): Promise<number> => {
  if (options.list) {
    const listed = scenarios.map(({ name, about, expected }) => ({ name, about, expected }));
    terminal.out(
      options.json
        ? jsonText({ scenarios: listed }, 2)
        : listed.map(({ name, about }) => `${name.padEnd(28)} ${about}`).join('\n'),
    );
    return 0;
  }
  const folder = resolve(options.out);
  if (!clear(folder))
    throw new InputError(`${folder} holds files that are not a rehearsal; name another folder with --out`);
  const out: Out = { folder, say: options.json ? () => {} : terminal.out };
  const verdicts = await play(options, out);
  const good = verdicts.every(({ problems }) => problems.length === 0);
  if (options.json) terminal.out(jsonText({ scenarios: verdicts }, 2));
  else if (options.own) terminal.out(`\nSee ${relative('.', folder)}/report.html`);
  else
    terminal.out(
      `\n${legend}\n${good ? 'Everything ended as expected.' : 'NOT everything ended as expected.'} See ${relative('.', folder)}/`,
    );
  return good ? 0 : 1;
};

/** Clears the folder; false for a folder with other files, which stays as it is. */
const clear = (folder: string): boolean => {
  const mark = join(folder, '.rehearsal');
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(mark)) return false;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, '');
  return true;
};

const readOptions = (args: readonly string[]) => {
  const written = readArguments(rehearseInputs, args);
  const options = readInputs(rehearseInputs, written);
  for (const name of options.manifest === undefined ? ofManifest : ofScenarios)
    if (written(name) !== undefined && written(name) !== 'false')
      throw new InputError(
        `--${name}: ${options.manifest === undefined ? 'give the manifest to which it belongs, with --manifest' : 'a manifest of your own is no scenario; give one of the two'}`,
      );
  const names = scenarios.map(({ name }) => name);
  const wanted = options.scenario?.split('\n');
  for (const name of wanted ?? []) {
    if (names.includes(name)) continue;
    const closest = suggest(name, names);
    throw new InputError(
      `no scenario ${quoted(name)}${closest ? `; did you mean ${closest}?` : '; `rehearse --list` names them'}`,
    );
  }
  return {
    ...options,
    named: scenarios.filter(({ name }) => wanted?.includes(name) ?? true),
    ...(options.manifest !== undefined && { own: ownRelease(options.manifest, options) }),
  };
};

const ofScenarios = ['scenario', 'all', 'list', 'settings'] as const;
const ofManifest = [
  'environment',
  'strategy',
  'candidate',
  'requests-per-second',
  'baseline-errors',
  'latency-p50',
  'history',
  'expect',
] as const;

/** @throws {InputError} */
const ownRelease = (manifest: string, options: ValuesOf<typeof rehearseInputs>): ManifestRehearsal => {
  const { environment, strategy, candidate, expect } = options;
  return {
    subject: subjectOf({ manifest, ...withoutUndefined({ environment, strategy }) }),
    requestsPerSecond: options['requests-per-second'],
    historySeconds: options.history,
    errors: options['baseline-errors'],
    medianMs: options['latency-p50'],
    candidate: candidate.behaviour,
    candidateIs: candidate.is,
    ...withoutUndefined({ expect }),
  };
};
type Options = ReturnType<typeof readOptions>;

const play = async (options: Options, out: Out): Promise<readonly ScenarioVerdict[]> => {
  const { named, settings, all, scenario: wanted } = options;
  if (options.own) return [await rehearseManifest(options.own, out)];
  if (settings) return rehearseSettings(named, out, all);
  if (!all && wanted === undefined) return playStory(out);
  const played = await playAll(
    (all ? scenarios : named).map((scenario) => ({ scenario })),
    out,
  );
  return played.map(({ verdict }) => verdict);
};
