import { isRefused } from '../aws/errors.ts';
import { type Instant, iso, seconds } from '../clock.ts';
import { type Look, lookAt, packageOfModel } from '../endpoint/look.ts';
import { type Status as EndpointState, inProgress } from '../endpoint/observe.ts';
import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import { clockOf } from '../hosts/clock.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { codeDeployOf, environmentOf } from '../manifest/load.ts';
import type { CodeDeployEnvironment, Manifest } from '../manifest/manifest.ts';
import { noRollout } from '../mechanisms/request.ts';
import { Refusal } from '../operation.ts';
import { placeOf } from '../operations/codedeploy-place.ts';
import { deployEndpoint } from '../operations/deploy-endpoint.ts';
import { settingLines } from '../operations/serving-plan.ts';
import { servingWord } from '../operations/serving-version.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { findRequested } from '../registry/packages.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { failureOf } from '../report/failure.ts';
import { type Comparison, type Seen, type Status, statusOf, type VariantStatus } from '../report/status/status.ts';
import { statusAsText } from '../report/status/text.ts';
import { flag, optional, text, type ValuesOf } from '../schema.ts';
import { redacted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type PartialAnswer, printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { askEnvironments, isWhole, shareable } from './environments.ts';
import { openReadOnly, type ReadOnlySession } from './read-only-session.ts';

const statusInputs = {
  manifest: sharedInputs.manifest,
  environment: optional(
    text({ description: 'Name of one environment. Default: all of the manifest.', example: 'production' }),
  ),
  watch: flag({
    description:
      'Print it again whenever it changes, as long as a release or an update is under way in one of the environments; with `--json` one object on each line.',
    default: false,
  }),
  json: flag({ description: 'Print JSON.', default: false }),
};
type Inputs = ValuesOf<typeof statusInputs>;

export const status: Command = {
  does: 'Prints the version that serves in each environment, since when, the release that is under way and its holder, and the difference to the manifest.',
  options: statusInputs,
  notes: [
    'It asks AWS, and takes from the release record only facts about the configuration that it has seen to serve. [The status](status.md) describes lines and JSON.',
  ],
  examples: [
    { line: 'status', does: 'Prints the status of all environments.' },
    { line: 'status --environment production --watch', does: 'Follows a release in one of them.' },
    { line: 'status --json', does: 'Prints it for a script.' },
  ],
  exits: {
    0: 'printed, whatever the status is',
    1: 'AWS could not be read, for one environment at least: the others are printed',
    2: wrongRequest,
  },
  run: (args, host) => runStatus(args, host()),
};

/** Reads only. */
const runStatus = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'status',
    schema: statusInputs,
    answer: (inputs: Inputs) => answer(inputs, host),
  };
  return printAnswer(question, args, host);
};

/** Between two looks of `--watch`: a person notices no delay, and AWS no load. */
const interval = seconds(20);

const answer = async (inputs: Inputs, host: CommandLine): Promise<PartialAnswer> => {
  const clock = await clockOf(host);
  const { signal } = host.cancellation;
  const open = openedOnce(inputs, host);
  let last = await look(inputs, host, clock.now(), open);
  let printed: string | undefined;
  while (inputs.watch && isUnderWay(last.status) && !signal.aborted) {
    const state = stateIn(last.status);
    if (state !== printed) host.terminal.out(textOf(last.status, inputs));
    printed = state;
    await clock.sleepUntil(clock.now() + interval, signal);
    if (!signal.aborted) last = await look(inputs, host, clock.now(), open);
  }
  return { text: textOf(last.status, inputs), isWhole: last.isWhole };
};

type Open = (environment: string) => Promise<ReadOnlySession>;

/** A watch looks again and again, with the sessions of its first look. */
const openedOnce = ({ manifest }: Inputs, host: CommandLine): Open => {
  const opened = new Map<string, ReadOnlySession>();
  return async (name) => {
    const session = opened.get(name) ?? (await openReadOnly(host, manifest, name));
    opened.set(name, session);
    return session;
  };
};

interface Looked {
  readonly status: Status;
  readonly isWhole: boolean;
}

const look = async (
  { manifest, environment }: Inputs,
  host: CommandLine,
  now: Instant,
  open: Open,
): Promise<Looked> => {
  const answers = await askEnvironments(host, { manifest, environment }, async (name) => {
    const { world, store } = await open(name);
    // `--watch` looks again with the same session.
    world.lookAgain?.();
    const stored = await store.read();
    if (stored === undefined) await refuseOtherRecord(world, store, true);
    const place = codeDeployOf(manifest, name);
    const seen = await (place === undefined
      ? seenEndpoint(world, manifest.model, store.endpoint)
      : seenPlace(world, place, stored?.record));
    // As the record is by now, and not as it was before the endpoint was read.
    world.lookAgain?.();
    const compared = place === undefined ? await comparison(world, manifest, name) : undefined;
    // A release may have begun since; an answer does not contradict itself.
    if (compared?.agrees === 'unknown') world.lookAgain?.();
    const { record } = (compared?.agrees === 'unknown' ? await store.read() : stored) ?? {};
    return { world, seen: { ...seen, ...withoutUndefined({ record, manifest: compared }) } };
  });
  const found = answers.map(({ answer: read, ...one }) => ({ ...one, ...read?.seen }));
  const worlds = answers.flatMap(({ answer: read }) => (read === undefined ? [] : [read.world]));
  return { status: shareable(statusOf(manifest.model, now, found), worlds), isWhole: isWhole(answers) };
};

/** Whether a run or AWS is about to change something. */
const isUnderWay = ({ environments }: Status): boolean =>
  environments.some(
    ({ live, state }) =>
      (live !== undefined && live['held-by'] !== 'nobody') ||
      (state !== undefined && inProgress(state as EndpointState)),
  );

const textOf = (found: Status, { json, watch }: Inputs): string => {
  if (json) return jsonText(found, watch ? 0 : 2);
  return redacted([...(watch ? [`${found.at}:`] : []), statusAsText(found)].join('\n'));
};

/** All that is worth a new line: a run renews its claim every minute, and that is no change. */
const stateIn = ({ environments }: Status): string =>
  JSON.stringify(environments, (key, value: unknown) => (key === 'until' ? undefined : value));

const seenEndpoint = async (world: World, model: string, endpoint: string): Promise<Seen> => {
  const found = await lookAt(world, endpoint);
  if (found === undefined) return { endpoint, state: 'absent' };
  const { live } = found;
  const { pending } = live;
  const total = live.variants.reduce((sum, { weight }) => sum + weight, 0);
  const serving: VariantStatus[] = [];
  for (const { name, weight, current, desired } of live.variants)
    serving.push({
      name,
      ...(await contentOf(world, model, found, name)),
      share: total === 0 ? 0 : weight / total,
      ...(live.serverless ? {} : { instances: { running: current, wanted: desired } }),
    });
  return {
    endpoint,
    state: live.status,
    serving,
    configuration: live.endpointConfig,
    ...withoutUndefined({
      'failure-reason': live.failureReason,
      update: pending && {
        to: pending.endpointConfig,
        ...(pending.startedAt === undefined ? {} : { 'started-at': iso(pending.startedAt) }),
        phases: [...new Set(pending.variants.flatMap(({ phases }) => phases.map(({ phase }) => phase)))],
      },
    }),
  };
};

/** The version of a variant, by the package of its model: the registry knows it, whoever deployed it. */
const contentOf = async (
  world: World,
  model: string,
  { config, models }: Look,
  variant: string,
): Promise<Pick<VariantStatus, 'version' | 'model'>> => {
  const name = config?.ProductionVariants?.find(({ VariantName }) => VariantName === variant)?.ModelName;
  const described = name === undefined ? undefined : models.get(name);
  const arn = described && packageOfModel(described);
  const found = arn === undefined ? undefined : await versionOf(world, model, arn);
  return withoutUndefined({ version: found, model: found === undefined ? name : undefined });
};

const versionOf = async (world: World, model: string, packageArn: string): Promise<string | undefined> => {
  try {
    return (await findRequested(world, model, packageArn))?.version;
  } catch (error) {
    // A package of another group or another registry, or one that this role may not read.
    if (error instanceof Refusal || isRefused(error)) return undefined;
    throw error;
  }
};

const seenPlace = async (
  world: World,
  environment: CodeDeployEnvironment,
  record: ReleaseRecord | undefined,
): Promise<Seen> => {
  const place = placeOf(environment);
  const { version, other } = await place.require(world);
  const releases = [...(record?.live === undefined ? [] : [record.live]), ...(record?.ended ?? [])];
  const named = (number: string): Pick<VariantStatus, 'name' | 'version'> => {
    const config = place.configOf(number);
    const made =
      record?.history.find(({ endpointConfig }) => endpointConfig === config) ??
      releases.map(({ candidate }) => candidate).find(({ endpointConfig }) => endpointConfig === config);
    return { name: `${place.noun} ${number}`, ...withoutUndefined({ version: made?.version }) };
  };
  const share = other === undefined ? 1 : other.weight === undefined ? undefined : 1 - other.weight;
  return {
    endpoint: place.name,
    configuration: place.configOf(version),
    serving: [
      { ...named(version), ...withoutUndefined({ share }) },
      ...(other === undefined ? [] : [{ ...named(other.version), ...withoutUndefined({ share: other.weight }) }]),
    ],
  };
};

/** By a plan of the version that serves. Its rollout does not matter: what an endpoint lacks does not depend on the way there. */
const comparison = async (world: World, manifest: Manifest, name: string): Promise<Comparison> => {
  const environment = environmentOf(manifest, name);
  const given = {
    manifest: {
      ...manifest,
      environments: { ...manifest.environments, [name]: { ...environment, rollout: noRollout, risk: 'normal' } },
    },
    ...{ environment: name, version: servingWord, retry: false, once: false, follow: true },
  } as const;
  try {
    const { plan, because } = await deployEndpoint.advance(given, undefined, world);
    if (plan === undefined) return { agrees: 'unknown', because };
    const lines = settingLines(plan, environment.endpoint.name);
    return lines.length === 0
      ? { agrees: 'yes', because: 'the endpoint has its settings' }
      : { agrees: 'no', because: `it changes ${lines.join('; ')}` };
  } catch (error) {
    if (!(error instanceof Refusal) && !isRefused(error)) throw error;
    return { agrees: 'unknown', because: failureOf(error).because };
  }
};
