import { dirname, join } from 'node:path';
import type { IrisVersion } from '../../../simulator/fixtures/fixtures.ts';
import type { Json } from '../../../simulator/services/stepfunctions/definition.ts';
import { StatesError } from '../../../simulator/services/stepfunctions/play.ts';
import { hours, iso, minutes } from '../../clock.ts';
import type { FleetReport } from '../../hosts/step-functions/fleet-store.ts';
import type { Launched, LogLine, StepResult } from '../driver.ts';
import { addEndpoints, type Fleet, fleetText, openFleet, type Rolled } from '../fleet.ts';
import { FunctionError, lambdaFunction } from '../lambda-function.ts';
import { type ManifestOptions, manifestText, rehearsedTeam, rollouts } from '../manifest.ts';
import { codebuildFolder } from '../pipeline.ts';
import { readServing } from '../serving.ts';
import { endOf, type ReportedRelease, type Stage } from '../stage.ts';
import { delivered, firstDeployment, isEnd, prepared, type Require, type Scenario } from './scenario.ts';

const { account, region, environment } = rehearsedTeam;
const tenants = { acme: 'iris-acme', globex: 'iris-globex', initech: 'iris-initech' } as const;

/** The state machine of the committed template; a turn is a process of the worker's function. */
interface FleetStage {
  readonly fleet: Fleet;
  /** Every process of the function so far. */
  readonly turns: readonly Launched[];
}

const openFleetStage = (stage: Stage): FleetStage => {
  const { driver, simulator } = stage;
  const launch = lambdaFunction(driver, join(codebuildFolder(), 'lambda/dist/index.cjs'), dirname(stage.workspace));
  const turns: Launched[] = [];
  const time = { now: () => driver.now(), pass: driver.untilStirred };
  const fleet = openFleet(simulator, time, async (payload, thread) => {
    const turn = launch(payload as object);
    turns.push(turn);
    const back = thread.leave();
    await turn.closed;
    back();
    try {
      return turn.answer() as Json;
    } catch (error) {
      throw error instanceof FunctionError ? new StatesError(error.type, error.message) : error;
    }
  });
  return { fleet, turns };
};

/** 1.0.0 serves at every endpoint of the fleet, and the next version is approved. */
const fleetInProduction = async (
  stage: Stage,
  require: Require,
  next: IrisVersion,
  manifest: ManifestOptions,
): Promise<FleetStage> => {
  const first = await firstDeployment(stage);
  require(isEnd(first, delivered), 'the first deployment is delivered');
  await addEndpoints(stage.simulator, Object.values(tenants));
  await stage.driver.until(stage.driver.now() + minutes(20));
  await prepared(stage, next);
  stage.writeManifest(manifest);
  return openFleetStage(stage);
};

/** One execution. @returns with the release of the endpoint that the stage is about */
const rollOut = async (
  stage: Stage,
  { fleet, turns }: FleetStage,
  title: string,
  version: IrisVersion,
): Promise<Rolled & { readonly release: ReportedRelease }> => {
  const { driver, simulator, endpoint } = stage;
  const began = driver.moment();
  const before = await readServing(simulator, endpoint);
  const name = `roll-${stage.releases.length}`;
  const earlier = turns.length;
  const rolled = await fleet.roll(name, { version });
  const own = turns.slice(earlier);
  const wave = rolled.report?.waves.findIndex(({ endpoints }) => endpoints.some((one) => one.endpoint === endpoint));
  const { outcome = 'failed', reason = 'internal-error' } =
    rolled.report?.waves[wave ?? -1]?.endpoints.find((one) => one.endpoint === endpoint) ?? {};
  const failure = fleet.written(name, `failed/${wave}/${account}.${region}.${endpoint}.json`);
  const step: StepResult = {
    step: {
      action: 'deploy-endpoint',
      inputs: { environment, version, endpoint },
      job: { runId: name, attempt: 1, job: 'fleet', actor: 'mina', commit: '' },
    },
    started: began,
    ended: driver.moment(),
    exit: { code: rolled.end.status === 'SUCCEEDED' ? 0 : 1, signal: undefined },
    outputs: { outcome, 'reason-code': reason },
    summary: '',
    log: own.flatMap(({ log }) => log.flatMap((line) => progressOf(line, endpoint))),
    participants: own.map(({ id }) => id),
  };
  const ending = await endOf(stage, [step]);
  const submitted = ending.requests
    .map(({ operation, mutation, input }) => ({ operation, mutation, input: input as UpdateInput }))
    .find((one) => one.operation === 'UpdateEndpoint' && one.mutation && one.input.EndpointName === endpoint);
  const release: ReportedRelease = {
    ...{ title, version, label: version, began, before },
    rollout: stage.rollout,
    steps: [step],
    deeds: [],
    ending: {
      ...ending,
      because: failure === undefined ? ending.because : JSON.parse(failure).because,
      candidateConfig: ending.candidateConfig ?? submitted?.input.EndpointConfigName,
    },
  };
  stage.tell(release);
  return { ...rolled, release };
};
interface UpdateInput {
  readonly EndpointName?: string;
  readonly EndpointConfigName?: string;
}

/** `<account>/<region>/<endpoint>  40 % canary bakes …`, in the form of an action's own log. */
const progressOf = ({ moment, text }: LogLine, endpoint: string): readonly LogLine[] => {
  const [, of, progress] = /^\d+\/[a-z0-9-]+\/(\S+) {2}(\d+ % .+)$/.exec(text) ?? [];
  return of === endpoint ? [{ moment, text: `${iso(moment.at)} ${progress}` }] : [];
};

/** `pilot: iris-acme delivered`. */
const endsIn = (report: FleetReport | undefined): string =>
  (report?.waves ?? [])
    .flatMap(({ name, endpoints }) => endpoints.map(({ endpoint, reason }) => `${name}: ${endpoint} ${reason}`))
    .join(', ');

const servesAt = async (stage: Stage, endpoint: string): Promise<string | undefined> =>
  (await readServing(stage.simulator, endpoint))?.version;

export const fleetWaves: Scenario = {
  name: 'fleet-waves',
  about:
    'One version for a fleet of endpoints, in two waves with an hour between them: a state machine of Step Functions waits, and a process of the worker’s function takes each turn. A process dies in the middle of a release, and the state machine goes on.',
  expected: delivered,
  processes: 'the function disappears',
  play: async (stage, require) => {
    const { endpoint, simulator } = stage;
    const manifest: ManifestOptions = { rollout: rollouts.unguarded, unwatched: true };
    const place = await fleetInProduction(stage, require, '1.1.0', manifest);
    place.fleet.write(
      fleetText([tenants.acme, tenants.globex, endpoint], '{ name: pilot, count: 1, bake: 1h }, { name: rest }'),
      manifestText(manifest),
    );
    // SageMaker has the update of the second endpoint, and the function has no answer any more.
    simulator.faults.add({
      ...{ kind: 'call', service: 'sagemaker', operation: 'UpdateEndpoint', after: 1, times: 1 },
      action: () => place.turns.at(-1)?.kill('SIGKILL'),
    });
    const { end, report, release } = await rollOut(stage, place, 'A better version for the fleet', '1.1.0');
    require(end.status === 'SUCCEEDED', `the execution succeeds: ${JSON.stringify(end)}`);
    const ends = `pilot: ${tenants.acme} delivered, rest: ${tenants.globex} delivered, rest: ${endpoint} delivered`;
    require(endsIn(report) === ends, `every endpoint has it, in its wave: ${endsIn(report)}`);
    require(place.turns.filter(({ exit }) => exit?.signal === 'SIGKILL').length === 1, 'one process died');
    const [pilot, rest] = report?.waves ?? [];
    const baked = Date.parse(rest?.began ?? '') - Date.parse(pilot?.ended ?? '');
    require(baked === hours(1), `the second wave waits for an hour: ${baked / 60_000} minutes`);
    for (const name of [tenants.acme, tenants.globex]) {
      const version = await servesAt(stage, name);
      require(version === '1.1.0', `${name} serves 1.1.0: ${version}`);
    }
    const updates = release.ending?.requests.filter((one) => one.operation === 'UpdateEndpoint' && one.mutation) ?? [];
    require(updates.length === 3, `one update an endpoint: ${updates.length}`);
    return release;
  },
};

export const fleetStopsTheLine: Scenario = {
  name: 'fleet-stops-the-line',
  about:
    'A version serves at the pilot of a fleet, which has no callers, and fails at an endpoint of the second wave: its alarm takes it back, the line stops, no other endpoint begins, and what was delivered stays.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  play: async (stage, require) => {
    const { endpoint } = stage;
    const manifest: ManifestOptions = { rollout: `${rollouts.canary}, alarms: { errors: 1% }`, unwatched: true };
    const place = await fleetInProduction(stage, require, '1.4.0', manifest);
    await stage.startTraffic();
    place.fleet.write(
      fleetText(
        [tenants.acme, endpoint, tenants.globex, tenants.initech],
        '{ name: pilot, count: 1, bake: 10m }, { name: second, count: 2, bake: 10m }, { name: rest }',
      ),
      manifestText(manifest),
    );
    const { end, report, release } = await rollOut(stage, place, 'A version with 5 % errors for the fleet', '1.4.0');
    const ends = `pilot: ${tenants.acme} delivered, second: ${endpoint} alarm, second: ${tenants.globex} line-stopped`;
    require(endsIn(report) === ends, `the second wave is the last: ${endsIn(report)}`);
    const why = '1 of 2 endpoints of wave second failed, and 0 may';
    require(end.status === 'FAILED' &&
      end.error === 'LineStopped' &&
      end.cause.includes(why), `the execution says why it failed: ${JSON.stringify(end)}`);
    const serves = await Promise.all(Object.values(tenants).map((name) => servesAt(stage, name)));
    require(serves.join() === '1.4.0,1.0.0,1.0.0', `the pilot keeps it, and no other endpoint got it: ${serves}`);
    return release;
  },
};
