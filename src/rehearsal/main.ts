import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { processTerminal } from '../hosts/terminal.ts';
import { jsonText } from '../plain-text.ts';
import { type Out, playAll, playStory } from './play.ts';
import { scenarios } from './scenarios/all.ts';
import { rehearseSettings } from './settings.ts';
import type { Verdict } from './verdict.ts';

export const rehearseHelp = `rehearse: the real action bundles against a simulated AWS, in virtual time

  rehearse                  the main story: five releases, a timeline, and a report
  rehearse --scenario NAME  one scenario with its timeline
  rehearse --all            every scenario, two at a time
  rehearse --list           their names
  rehearse --settings       once more under each behaviour that AWS leaves open; what is reported must
                            stay true (some minutes; --scenario narrows it, --all plays every pair)
      --json                verdicts as JSON instead of text
      --out FOLDER          job summaries, logs, report.html, requests.jsonl (default: rehearsal; cleared first)
`;

/** @returns the exit code: 0 when everything ended as expected, 1 when not, 2 for a wrong command line */
export const rehearse = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (typeof options === 'string') {
    processTerminal.err(`${options}\n\n${rehearseHelp}`);
    return 2;
  }
  if (options.list) {
    const listed = scenarios.map(({ name, about, expected }) => ({ name, about, expected }));
    processTerminal.out(
      options.json
        ? jsonText({ scenarios: listed }, 2)
        : listed.map(({ name, about }) => `${name.padEnd(28)} ${about}`).join('\n'),
    );
    return 0;
  }
  const folder = resolve(options.out ?? 'rehearsal');
  if (!clear(folder)) {
    processTerminal.err(`${folder} holds something else than a rehearsal; name another folder with --out`);
    return 2;
  }
  const out: Out = { folder, say: options.json ? () => {} : processTerminal.out };
  const verdicts = await play(options, out);
  const good = verdicts.every(({ problems }) => problems.length === 0);
  if (options.json) processTerminal.out(jsonText({ scenarios: verdicts }, 2));
  else
    processTerminal.out(
      `\n${good ? 'Everything ended as expected.' : 'NOT everything ended as expected.'} See ${relative('.', folder)}/`,
    );
  return good ? 0 : 1;
};

/** Makes the folder new; false when it is not one of ours, which is then left alone. */
const clear = (folder: string): boolean => {
  const mark = join(folder, '.rehearsal');
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(mark)) return false;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(mark, '');
  return true;
};

const readOptions = (args: readonly string[]) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        all: { type: 'boolean' },
        list: { type: 'boolean' },
        settings: { type: 'boolean' },
        json: { type: 'boolean' },
        out: { type: 'string' },
      },
    });
    const unknown = values.scenario?.filter((name) => !scenarios.some((scenario) => scenario.name === name)) ?? [];
    if (unknown.length > 0) return `no scenario ${unknown.join(', ')}; \`rehearse --list\` names them`;
    return { ...values, named: scenarios.filter(({ name }) => values.scenario?.includes(name) ?? true) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const play = async (
  options: Exclude<ReturnType<typeof readOptions>, string>,
  out: Out,
): Promise<readonly Verdict[]> => {
  const { named, settings, all = false } = options;
  if (settings) return rehearseSettings(named, out, all);
  if (!all && !options.scenario) return playStory(out);
  const played = await playAll(
    (all ? scenarios : named).map((scenario) => ({ scenario })),
    out,
  );
  return played.map(({ verdict }) => verdict);
};
