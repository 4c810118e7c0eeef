import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCommandServers } from '../../../simulator/containers/command-server.ts';
import type { Simulator } from '../../../simulator/contracts.ts';
import { duration, seconds } from '../../clock.ts';
import { wallClock } from '../../hosts/wall-clock.ts';
import { counted, percent } from '../../judge/amounts.ts';
import type { Environment } from '../../manifest/manifest.ts';
import { type Outcome, outcomes } from '../../outcome.ts';
import { releasesOf } from '../../release/location.ts';
import { redacted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { chapterOf, type Scene } from '../chapter.ts';
import { createDriver, type Driver } from '../driver.ts';
import type { Out } from '../performance.ts';
import { versionsOf } from '../serving.ts';
import { actionsFolder, beginRelease, firstRun, type Place, type RehearsedRelease } from '../stage.ts';
import { openTemporaryFolder, removeTemporaryFolder } from '../temporary-folder.ts';
import { timelineOf, verdictOfChapter } from '../timeline.ts';
import { type ScenarioVerdict, scenarioVerdict } from '../verdict.ts';
import { writeRehearsal } from '../write.ts';
import { type Behaviour, usually } from './behaviour.ts';
import { counting, type OwnModel, printedBy } from './own-model.ts';
import { standIn } from './stand-in.ts';
import type { Subject } from './subject.ts';
import { alarmsOf, openWorld, placeOf } from './world.ts';

export interface ManifestRehearsal {
  readonly subject: Subject;
  readonly requestsPerSecond: number;
  /** Requests before the release begins, in seconds. */
  readonly historySeconds: number;
  /** Share of the requests that fail in both versions. */
  readonly errors: number;
  /** Usual time of an answer, in both versions. */
  readonly medianMs: number;
  readonly candidate: Behaviour;
  /** The candidate in the user's words. */
  readonly candidateIs: string;
  readonly expect?: Outcome;
  /** The live endpoint that it was read from. */
  readonly live?: { readonly endpoint: string; readonly manifest: string; readonly isMeasured: boolean };
  /** Absent: a stand-in serves, with the behaviour above. */
  readonly own?: OwnModel;
}

const [serving, candidate] = ['1.0.0', '1.1.0'] as const;

/** One release by the user's own manifest: a stand-in is delivered and gets requests, and then the candidate comes. */
export const rehearseManifest = async (wish: ManifestRehearsal, out: Out): Promise<ScenarioVerdict> => {
  const { subject } = wish;
  if (wish.live !== undefined) writeFileSync(join(out.folder, 'delivery.yml'), wish.live.manifest);
  out.say(assumptions(subject, wish));
  const startedAt = wallClock.now();
  const world = await openRehearsal(wish, out);
  try {
    const first = await world.release('The first delivery', serving);
    const before = world.scene(first);
    if (first.ending?.outcome !== 'succeeded') {
      const problem = 'the first delivery did not succeed, so that no release was rehearsed';
      return ended(world, first, [before], wish, out, startedAt, [problem]);
    }
    const traffic = world.startTraffic();
    await pass(world, wish, out);
    const release = await world.release(`The release (${wish.candidateIs})`, candidate);
    traffic.stop();
    return ended(world, release, [before, world.scene(release)], wish, out, startedAt);
  } finally {
    await world.close();
  }
};

/**
 * The time before the release. A command of the user's own is waited for, so each few virtual seconds the process looks up: Ctrl-C ends it,
 * and a long wait is announced.
 */
const pass = async (
  { driver }: World,
  { own, historySeconds, requestsPerSecond }: ManifestRehearsal,
  out: Out,
): Promise<void> => {
  const until = driver.now() + seconds(historySeconds);
  if (own === undefined) return driver.until(until);
  const begun = wallClock.now();
  const startedAt = driver.now();
  let announced = 0;
  while (driver.now() < until) {
    await driver.until(Math.min(until, driver.now() + seconds(5)));
    await wallClock.sleepUntil(wallClock.now() + 1);
    const done = (driver.now() - startedAt) / seconds(historySeconds);
    out.now?.(`${percent(done, 2)} of the requests before the release are answered`);
    const tenths = Math.floor(done * 10);
    const taken = wallClock.now() - begun;
    if (tenths === announced || taken < seconds(10)) continue;
    announced = tenths;
    const requests = Math.round(requestsPerSecond * historySeconds);
    out.say(
      `  ${percent(done, 2)} of ${requests} requests before the release are answered; the rest takes about ${duration((taken / done) * (1 - done))}`,
    );
  }
};

type Chapter = ReturnType<typeof chapterOf>;

const ended = (
  { simulator, releases, start, served }: World,
  release: RehearsedRelease<string>,
  chapters: readonly Chapter[],
  { expect, own }: ManifestRehearsal,
  out: Out,
  startedAt: number,
  others: readonly string[] = [],
): ScenarioVerdict => {
  const found = scenarioVerdict(
    { name: release.title, outcomes },
    { release, unmet: [], wallMs: wallClock.now() - startedAt },
  );
  const missed =
    expect === undefined || expect === found.outcome
      ? []
      : [`ended ${found.outcome} instead of ${expect}, as --expect has it`];
  const verdict = { ...found, problems: [...found.problems, ...others, ...missed] };
  const last = chapters.at(-1);
  if (last) {
    out.say(redacted(timelineOf(last, start)));
    out.say(redacted(verdictOfChapter(last, verdict, false)));
    for (const line of served()) out.say(`  ${line}`);
  }
  const title = 'A release rehearsed';
  writeRehearsal(out.folder, { simulator, releases }, { title, about: about(verdict, own), chapters });
  return verdict;
};

const about = ({ virtualSeconds, wallMs, requests }: ScenarioVerdict, own: OwnModel | undefined): string =>
  `${duration(virtualSeconds * 1000)} in ${(wallMs / 1000).toFixed(1)} s, with ${counted(requests, 'request')} to a simulated AWS. ${own === undefined ? 'A stand-in serves, and not your model.' : 'Your own command serves your model.'}`;

interface World {
  readonly simulator: Simulator;
  readonly driver: Driver;
  readonly releases: readonly RehearsedRelease<string>[];
  readonly start: number;
  release(title: string, version: string): Promise<RehearsedRelease<string>>;
  scene(release: RehearsedRelease<string>): Chapter;
  startTraffic(): { stop(): void };
  /** What models of the user's own answered, a sentence each. */
  served(): readonly string[];
  close(): Promise<void>;
}

const openRehearsal = async (wish: ManifestRehearsal, out: Out): Promise<World> => {
  const { subject, own } = wish;
  const output = join(out.folder, 'serve.log');
  const printed = printedBy(output, (line) => out.say(line));
  const servers =
    own &&
    createCommandServers(
      own.command,
      (line) => {
        printed.news();
        out.say(`  ${line}`);
      },
      output,
    );
  const counted = servers && counting(servers.serve, [serving, candidate]);
  const { model, name, environment, manifest } = subject;
  const simulator = await openWorld(subject, counted?.serve);
  const folder = openTemporaryFolder();
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  writeFileSync(join(workspace, 'delivery.yml'), manifest);
  const releases: RehearsedRelease<string>[] = [];
  const driver = createDriver({
    simulator,
    actions: actionsFolder(),
    workspace,
    temp: join(folder, 'runner'),
    seen: ({ moment, text }) => {
      const done = progressLine.exec(text)?.[1];
      if (done !== undefined) out.now?.(whereNow(moment.at - start, releases.at(-1)?.title, done));
    },
  });
  // A command of the user's own is waited for, and nothing else of this thread goes on meanwhile.
  driver.processes = own !== undefined;
  const start = driver.now();
  const { account, region, image, bucket } = placeOf(environment);
  const baseline: Behaviour = { failingShare: wish.errors, ...usually(wish.medianMs) };
  const artifacts = {
    [serving]: own?.baseline ?? standIn(serving, baseline),
    [candidate]: own?.candidate ?? standIn(candidate, { ...baseline, ...wish.candidate }),
  };
  const versions = versionsOf(Object.entries(artifacts));
  const contentType = own?.contentType ?? 'text/csv';
  const endpoint = environment.endpoint.name;
  const placed = (version: string): Place => ({
    simulator,
    driver,
    model,
    environment: name,
    workspace,
    rollout: environment.rollout.strategy,
    endpoint,
    runId: String(firstRun + releases.length),
    inputs: {},
    versions,
    content: {
      bucket,
      key: `training/${version}/model.tar.gz`,
      artifact: artifacts[version as keyof typeof artifacts],
      inputs: {
        image,
        'content-types': contentType,
        'response-types': contentType,
        'approval-status': 'Approved',
      },
    },
  });
  const scene: Scene = {
    simulator,
    endpoint,
    model,
    environment: name,
    releasesAt: releasesOf(environment, { partition: 'aws', region, id: account }),
  };
  return {
    simulator,
    driver,
    releases,
    start,
    release: async (title, version) => {
      const release = await beginRelease<string>(placed(version), title, version);
      releases.push(release);
      const registered = await release.register();
      if (registered.outputs['outcome'] === 'succeeded') {
        const deployed = await release.run('deploy-endpoint', { timeout: '23h' });
        if (deployed.outputs['reason-code'] === 'candidate-dark')
          await release.run('shift-traffic', { timeout: '23h' });
      }
      await release.end();
      return release;
    },
    scene: (release) => chapterOf(scene, release),
    startTraffic: () =>
      simulator.traffic({
        ...{ endpoint, requestsPerSecond: wish.requestsPerSecond, seed: 20_260_105 },
        ...withoutUndefined({ own: own && { bodies: own.requests, contentType } }),
      }),
    served: () => {
      if (counted === undefined) return [];
      printed.news();
      return [...counted.lines(), ...printed.rest()];
    },
    close: async () => {
      driver.close();
      await simulator.close();
      servers?.close();
      removeTemporaryFolder(folder);
    },
  };
};

/** As `timelineLine` makes it. */
const progressLine = /^\d{4}-\S+Z +(\d+ % .*)$/;

/** @param passed virtual time since the beginning, milliseconds */
const whereNow = (passed: number, title: string | undefined, done: string): string =>
  [`${duration(passed)} of virtual time`, ...(title === undefined ? [] : [title]), done.replace(/ {2,}/, ' · ')].join(
    ' · ',
  );

const fleetOf = ({ endpoint: { instance, serverless } }: Environment): string => {
  if (instance !== undefined) return `${counted(instance.count, 'instance')} of ${instance.type}`;
  return serverless === undefined ? 'no fleet' : `serverless, ${serverless.memoryMb} MB`;
};

const liveLine = ({ endpoint, isMeasured }: NonNullable<ManifestRehearsal['live']>): string =>
  `  read from endpoint ${endpoint}: the manifest, which lies beside the report as delivery.yml${isMeasured ? '; and from CloudWatch the busiest hour, the 5xx and the latency of its last day' : '. CloudWatch has no request of its last day'}`;

const behaviourOf = ({
  own,
  errors,
  medianMs,
  candidateIs,
  requestsPerSecond,
  historySeconds,
}: ManifestRehearsal): string =>
  own === undefined
    ? `the version that serves fails on ${percent(errors)} and takes ${medianMs} ms; the candidate is ${candidateIs}`
    : `your command answers each of them, ${Math.round(requestsPerSecond * historySeconds)} before the release, and takes its time for them; the candidate is ${candidateIs}`;

/** The facts that the manifest has, and the defaults in place of the unknown ones. */
const assumptions = ({ model, name, environment, leftOut }: Subject, wish: ManifestRehearsal): string => {
  const { account, region } = placeOf(environment);
  const alarms = alarmsOf(environment);
  return [
    `${model} to ${environment.endpoint.name} (${name}): account ${account}, ${region}, ${fleetOf(environment)}, ${environment.rollout.strategy}`,
    ...(wish.live === undefined ? [] : [liveLine(wish.live)]),
    `  assumed: ${wish.requestsPerSecond} requests a second for ${duration(seconds(wish.historySeconds))} before; ${behaviourOf(wish)}`,
    ...(alarms.length === 0
      ? []
      : [
          `  assumed: ${alarms.join(', ')}: alarms of your own, which never go off here, since they watch your metrics`,
        ]),
    ...leftOut.map((sentence) => `  left out: ${sentence}`),
    '  playing it in virtual time …',
  ].join('\n');
};
