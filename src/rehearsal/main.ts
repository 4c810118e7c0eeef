import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { readInputs, type Written } from '../inputs/read-inputs.ts';
import { either, suggest } from '../manifest/suggest.ts';
import { jsonText } from '../plain-text.ts';
import { InputError, type ValuesOf } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { rehearseInputs } from './inputs.ts';
import { usually } from './own/behaviour.ts';
import { readOwnModel } from './own/own-model.ts';
import { type ManifestRehearsal, rehearseManifest } from './own/rehearse-manifest.ts';
import { type Chosen, subjectOf } from './own/subject.ts';
import type { Out } from './performance.ts';
import { playAll, playStory } from './play.ts';
import { scenarios } from './scenarios/all.ts';
import { rehearseSettings } from './settings.ts';
import { legend } from './timeline.ts';
import type { ScenarioVerdict } from './verdict.ts';
import { readEvent } from './workflow/event.ts';
import type { WorkflowRehearsal } from './workflow/request.ts';

/** Opens the account of the caller's credentials, to read a live endpoint. */
export type OpenLive = (region: string | undefined) => Promise<World>;

/** @returns the exit code: 0 when all scenarios ended as expected, 1 when not, 2 for a wrong command line */
export const rehearse = async (args: readonly string[], terminal: Terminal, openLive?: OpenLive): Promise<number> => {
  try {
    return await rehearseAs(await readOptions(args, openLive), terminal);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.err(`rehearse: ${error.message}`);
    return 2;
  }
};

const rehearseAs = async (options: Options, terminal: Terminal): Promise<number> => {
  if (options.list) {
    const listed = scenarios.map(({ name, about, expected, processes = null }) => ({
      name,
      about,
      expected,
      processes,
    }));
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
  const now = (line: string | undefined): void => terminal.live?.('rehearse', line === undefined ? line : () => line);
  const out: Out = { folder, say: options.json ? () => {} : terminal.out, now };
  if (options.ofWorkflow) return playWorkflow(options.ofWorkflow, out, options, terminal).finally(() => now(undefined));
  const verdicts = await play(options, out).finally(() => now(undefined));
  const good = verdicts.every(({ problems }) => problems.length === 0);
  if (options.json) terminal.out(jsonText({ scenarios: verdicts }, 2));
  else if (options.own) terminal.out(`\nSee ${relative('.', folder)}/report.html`);
  else
    terminal.out(
      `\n${legend}\n${good ? 'Everything ended as expected.' : 'NOT everything ended as expected.'} See ${relative('.', folder)}/`,
    );
  return good ? 0 : 1;
};

/** Clears the folder; false for a folder with other files, which stays as it is. @throws {InputError} for a place that is no folder */
const clear = (folder: string): boolean => {
  const mark = join(folder, '.rehearsal');
  try {
    if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(mark)) return false;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(mark, '');
  } catch (error) {
    throw new InputError(
      `out: ${quoted(folder)} cannot be a folder for the rehearsal: ${error instanceof Error ? error.message : error}`,
    );
  }
  return true;
};

/** Loaded on demand, as all that only a workflow needs. */
const playWorkflow = async (rehearsal: WorkflowRehearsal, out: Out, { json }: Options, terminal: Terminal) => {
  const { rehearseWorkflow, closing } = await import('./workflow/rehearse-workflow.ts');
  const verdict = await rehearseWorkflow(rehearsal, out);
  terminal.out(json ? jsonText(verdict, 2) : closing(verdict, relative('.', out.folder)));
  return verdict.problems.length === 0 ? 0 : 1;
};

const readOptions = async (args: readonly string[], openLive: OpenLive | undefined) => {
  const written = readArguments(rehearseInputs, args);
  const options = readInputs(rehearseInputs, written);
  const kind = kindOf(options);
  for (const [name, kinds] of Object.entries(kindsOf))
    if (!kinds.includes(kind) && written(name) !== undefined && written(name) !== 'false')
      throw new InputError(`--${name}: ${belonging(kinds, kind)}`);
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
    ...(options.workflow === undefined &&
      options.manifest !== undefined && { own: ownRelease({ manifest: options.manifest }, options, written) }),
    ...(kind === 'endpoint' && { own: await liveRelease(options, written, openLive) }),
    ...(options.workflow !== undefined && {
      ofWorkflow: await ownWorkflow(options.workflow, options, written('candidate') !== undefined),
    }),
  };
};

type Kind = 'scenario' | 'manifest' | 'endpoint' | 'workflow';

const kindOf = ({ workflow, manifest, endpoint }: ValuesOf<typeof rehearseInputs>): Kind => {
  if (endpoint !== undefined) return 'endpoint';
  if (workflow !== undefined) return 'workflow';
  return manifest === undefined ? 'scenario' : 'manifest';
};

/** The rehearsals that an option belongs to; all others belong to every one. */
const kindsOf: Readonly<Partial<Record<keyof typeof rehearseInputs, readonly Kind[]>>> = {
  scenario: ['scenario'],
  all: ['scenario'],
  list: ['scenario'],
  settings: ['scenario'],
  processes: ['scenario'],
  environment: ['manifest'],
  manifest: ['manifest', 'workflow'],
  workflow: ['workflow'],
  region: ['endpoint'],
  strategy: ['manifest', 'endpoint'],
  history: ['manifest', 'endpoint'],
  expect: ['manifest', 'endpoint'],
  serve: ['manifest', 'endpoint'],
  model: ['manifest', 'endpoint'],
  'baseline-model': ['manifest', 'endpoint'],
  requests: ['manifest', 'endpoint'],
  'content-type': ['manifest', 'endpoint'],
  candidate: ['manifest', 'endpoint', 'workflow'],
  'requests-per-second': ['manifest', 'endpoint', 'workflow'],
  'baseline-errors': ['manifest', 'endpoint', 'workflow'],
  'latency-p50': ['manifest', 'endpoint', 'workflow'],
  event: ['workflow'],
  approve: ['workflow'],
  fault: ['workflow'],
  map: ['workflow'],
  'own-model': ['workflow'],
  'expect-red': ['workflow'],
};

const belonging = (kinds: readonly Kind[], kind: Kind): string => {
  if (kinds.includes('scenario')) return `a ${kind} of your own is no scenario; give one of the two`;
  if (kind === 'endpoint') return 'a live endpoint is rehearsed as it is; leave it out, or --endpoint';
  if (kind === 'workflow') return 'a workflow is rehearsed with its manifest as it is; leave it out, or --workflow';
  return `give ${either(kinds.map((one) => `the ${one}`))} to which it belongs, with ${either(kinds.map((one) => `--${one}`))}`;
};

/** @throws {InputError} */
const ownWorkflow = async (
  workflow: string,
  options: ValuesOf<typeof rehearseInputs>,
  hasCandidate: boolean,
): Promise<WorkflowRehearsal> => {
  const { workflowRehearsal } = await import('./workflow/request.ts');
  const { manifest, candidate, approve, event } = options;
  const usual = (hasCandidate ? ['push', 'push'] : ['push']).flatMap((one) => readEvent(one) ?? []);
  return workflowRehearsal({
    workflow,
    ...withoutUndefined({ manifest }),
    approve,
    events: event ?? usual,
    faults: options.fault ?? [],
    maps: new Map(options.map ?? []),
    own: options['own-model'],
    baseline: { failingShare: options['baseline-errors'], ...usually(options['latency-p50']) },
    ...(hasCandidate && { candidate }),
    requestsPerSecond: options['requests-per-second'],
    expectRed: options['expect-red'],
  });
};

/** Seconds. */
const leastHistory = 360;
/** A release reads the day before it. A year of requests would take hours, in which the process hears no signal. */
const mostHistory = 7 * 86_400;

/** How a stand-in behaves: a model of the user's own behaves by itself. */
const ofStandIn = ['candidate', 'baseline-errors', 'latency-p50'] as const;

/** @throws {InputError} */
const ownRelease = (
  manifest: Pick<Chosen, 'manifest' | 'text'>,
  options: ValuesOf<typeof rehearseInputs>,
  written: Written,
): ManifestRehearsal => {
  const { environment, strategy, candidate, expect, history } = options;
  if (history < leastHistory)
    throw new InputError(
      `--history: ${quoted(written('history') ?? '')} is too short; expected at least ${leastHistory / 60}m: CloudWatch has the last minutes late, and the plan reads the traffic there`,
    );
  if (history > mostHistory)
    throw new InputError(
      `--history: ${quoted(written('history') ?? '')} is too long; expected at most ${mostHistory / 3600}h: a release reads the day before it`,
    );
  const own = readOwnModel(options);
  const contrary = own && ofStandIn.find((name) => written(name) !== undefined);
  if (contrary !== undefined)
    throw new InputError(
      `--${contrary}: with --serve your own model answers, and its answers decide; leave out one of the two`,
    );
  return {
    subject: subjectOf({ ...manifest, isOwn: own !== undefined, ...withoutUndefined({ environment, strategy }) }),
    requestsPerSecond: options['requests-per-second'],
    historySeconds: history,
    errors: options['baseline-errors'],
    medianMs: options['latency-p50'],
    candidate: candidate.behaviour,
    candidateIs: own === undefined ? candidate.is : 'your model',
    ...withoutUndefined({ expect, own }),
  };
};

/** What the user writes counts more than what CloudWatch has seen. @throws {InputError} */
const liveRelease = async (
  options: ValuesOf<typeof rehearseInputs>,
  written: Written,
  openLive: OpenLive | undefined,
): Promise<ManifestRehearsal> => {
  const { endpoint = '', region } = options;
  if (openLive === undefined) throw new InputError('endpoint: there are no credentials here to read it with');
  const { readLiveEndpoint } = await import('./own/live-endpoint.ts');
  const { manifest, traffic } = await readLiveEndpoint(await openLive(region), endpoint);
  const rehearsal = ownRelease({ manifest: `the manifest of ${endpoint}`, text: manifest }, options, written);
  const unlessWritten = <Value>(name: keyof typeof rehearseInputs, value: Value): Value | undefined =>
    written(name) === undefined ? value : undefined;
  return {
    ...rehearsal,
    ...withoutUndefined({
      requestsPerSecond: unlessWritten('requests-per-second', traffic && Math.min(1000, traffic.requestsPerSecond)),
      errors: unlessWritten('baseline-errors', traffic?.errors),
      medianMs: unlessWritten('latency-p50', traffic?.medianMs),
    }),
    live: { endpoint, manifest, isMeasured: traffic !== undefined },
  };
};
type Options = Awaited<ReturnType<typeof readOptions>>;

const play = async (options: Options, out: Out): Promise<readonly ScenarioVerdict[]> => {
  const { named, settings, all, scenario: wanted, processes: onlyProcesses } = options;
  const manner = { onlyProcesses };
  if (options.own) return [await rehearseManifest(options.own, out)];
  if (settings) return rehearseSettings(named, out, all, manner);
  if (!all && wanted === undefined) return playStory(out, manner);
  const played = await playAll(
    (all ? scenarios : named).map((scenario) => ({ scenario })),
    out,
    manner,
  );
  return played.map(({ verdict }) => verdict);
};
