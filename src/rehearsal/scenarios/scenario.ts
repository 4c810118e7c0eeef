import type { Settings } from '../../../simulator/contracts.ts';
import type { FixtureModel } from '../../../simulator/fixtures/fixtures.ts';
import type { FakeGitHubOptions } from '../../../simulator/github/server.ts';
import { hours, minutes, seconds } from '../../clock.ts';
import type { Outcome } from '../../outcome.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import { defaultReleases } from '../../release/location.ts';
import { rehearsedTeam } from '../manifest.ts';
import { readServing } from '../serving.ts';
import type { RehearsedRelease, ReportedRelease, Stage } from '../stage.ts';

export interface Expected {
  readonly outcome: Outcome;
  readonly reasonCode: ReasonCode;
}

/** One situation of a team, played from an empty account to its end. */
export interface Scenario {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  readonly expected: Expected;
  /**
   * Why its steps are processes of their own: it proves one of their ends, or several at once. Absent: the scenario proves decisions, and
   * its steps run in the rehearsal's process.
   */
  readonly processes?: string;
  /** The team's model; default: iris. */
  readonly model?: FixtureModel;
  /** Its requirements of the simulated AWS. */
  readonly settings?: Partial<Settings>;
  /** Roles beside the team's own; a role in another account brings that account. */
  readonly roles?: readonly string[];
  /** The team's repository at GitHub, where the situation needs one. */
  readonly github?: FakeGitHubOptions;
  /** Settings under which another end is right, and the reason. */
  readonly under?: { readonly [Setting in keyof Settings]?: { readonly outcome: Outcome; readonly because: string } };
  /**
   * @param require states further expectations, besides the expected end and its relation to DescribeEndpoint
   * @returns the release that is judged, ended
   */
  play(stage: Stage, require: Require): Promise<ReportedRelease>;
}
export type Require = (holds: boolean, saying: string) => void;

export const delivered: Expected = { outcome: 'succeeded', reasonCode: 'delivered' };

/** Register → approve → gate → deploy, from start to end. */
export const deliver = async (
  stage: Stage,
  title: string,
  version: RehearsedRelease['version'],
  inputs: Readonly<Record<string, string>> = {},
): Promise<RehearsedRelease> => {
  const release = await stage.begin(title, version);
  await release.prepare(inputs);
  await release.run('deploy-endpoint');
  await release.end();
  return release;
};

export const firstDeployment = (stage: Stage): Promise<RehearsedRelease> => deliver(stage, 'First deployment', '1.0.0');

/** 1.0.0 serves and requests come in. No scenario proves anything by the processes of this beginning, so there are none. */
export const inProduction = async (stage: Stage, require: Require): Promise<void> => {
  const { driver } = stage;
  const { processes } = driver;
  driver.processes = false;
  const first = await firstDeployment(stage);
  driver.processes = processes;
  require(isEnd(first, delivered), 'the first deployment is delivered');
  await stage.startTraffic();
};

export const isEnd = (release: ReportedRelease, { outcome, reasonCode }: Expected): boolean =>
  release.ending?.outcome === outcome && release.ending.reason === reasonCode;

/** Requests of the release that were carried out. */
export const carriedOut = ({ ending }: RehearsedRelease, operation: string): number =>
  ending?.requests.filter((request) => request.operation === operation && request.mutation).length ?? 0;

/** Registered and approved by a workflow run of its own, so that the next one's writes are its deployment's. */
export const prepared = async (stage: Stage, version: RehearsedRelease['version']): Promise<void> => {
  const release = await stage.begin('A version is registered and approved', version);
  await release.prepare();
  await release.end();
};

/** A release without effect must leave nothing behind. */
export const leavesNothingHalfDone = async (stage: Stage, require: Require): Promise<void> => {
  const { MetricAlarms } = await stage.simulator.call('cloudwatch', 'DescribeAlarms', {
    AlarmNamePrefix: `${stage.endpoint}-`,
  });
  const own = (MetricAlarms as { readonly AlarmName: string }[]).filter(({ AlarmName }) =>
    /-(errors|latency-p99|abort)-[0-9a-f]{8}$/.test(AlarmName),
  );
  require(own.length === 0, 'no alarm of the release is left');
  const { bucket, prefix } = defaultReleases({
    region: rehearsedTeam.region,
    id: rehearsedTeam.account,
  });
  const record = stage.simulator.objects.get(bucket, `${prefix}${stage.endpoint}/record.json`);
  require(record !== undefined &&
    !('live' in JSON.parse(record.body.toString())), 'the endpoint is free for the next release');
};

/** After provisioning, in the middle of the first bake. */
export const intoTheCanary = minutes(7);

/** Time passes until the simulated AWS has noted it that often since `play` began. */
export const untilNoted = async (stage: Stage, what: string, times = 1): Promise<void> => {
  const limit = stage.driver.now() + hours(2);
  while (stage.simulator.events.filter((event) => event.what === what).length < times) {
    if (stage.driver.now() >= limit) throw new Error(`${what} was not seen ${times} times in two hours`);
    await stage.driver.until(stage.driver.now() + seconds(10));
  }
};

/** Lets AWS finish its current work. */
export const settle = async (stage: Stage): Promise<void> => {
  for (;;) {
    const serving = await readServing(stage.simulator, stage.endpoint);
    const EndpointStatus = serving?.status;
    if (EndpointStatus !== 'Updating' && EndpointStatus !== 'Creating') return;
    await stage.driver.until(stage.driver.now() + minutes(1));
  }
};
