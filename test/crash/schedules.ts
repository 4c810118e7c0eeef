import { createRandom } from '../../simulator/random.ts';
import { type Instant, minutes, seconds } from '../../src/clock.ts';
import type { OperationName } from '../../src/operation.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { operations } from '../../src/operations/all.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { broken } from '../../src/rehearsal/relations.ts';
import { readServing, type Serving } from '../../src/rehearsal/serving.ts';
import type { HostName } from '../../src/world.ts';
import { deliver, rollouts, scaleByHand, type Version, type Wish, write } from './acts.ts';
import * as oracle from './oracle.ts';
import type { Shown } from './play.ts';
import { type Ended, hostNames, openScene, type Run, type Scene } from './scene.ts';

/**
 * Random schedules: an endpoint in production, a few runs that want different things of it, and everything that can happen to them, all
 * from one seed. In the end a run that nothing disturbs must bring the endpoint to what it asks for.
 */
export const playSchedule = async (seed: number): Promise<Shown> => {
  const scene = await openScene();
  try {
    return await playOn(scene, seed);
  } finally {
    await scene.close();
  }
};

interface Dice {
  /** 0 to below `below`. */
  number(below: number): number;
  chance(probability: number): boolean;
  one<T>(of: readonly T[]): T;
}

const diceOf = (seed: number): Dice => {
  const random = createRandom(seed, 'crash-schedule');
  const number = (below: number): number => Math.floor(random() * below);
  return {
    number,
    chance: (probability) => random() < probability,
    one: (of) => {
      const found = of[number(of.length)];
      if (found === undefined) throw new Error('nothing to choose from');
      return found;
    },
  };
};

interface Play {
  readonly scene: Scene;
  readonly dice: Dice;
  readonly wish: Wish;
  readonly violations: string[];
  readonly story: string[];
  /** Which packages may be delivered at the moment; the driver decides. */
  readonly approved: Map<Version, Instant>;
}

const rolloutNames = Object.keys(rollouts) as readonly (keyof typeof rollouts)[];
/** 1.3.0 answers slowly: no alarm of this team's watches that, the judge of its steps does. */
const versionsOf = ({ rollout }: Wish): readonly Version[] =>
  rollout === rollouts.steps ? ['1.1.0', '1.2.0'] : ['1.1.0', '1.3.0'];

const playOn = async (scene: Scene, seed: number): Promise<Shown> => {
  const dice = diceOf(seed);
  const { account, simulator } = scene;
  const rollout = dice.one(rolloutNames);
  const type = rollout !== 'steps' && dice.chance(0.3) ? 'ml.c5.large' : 'ml.m5.large';
  const scaled = dice.one(['no', 'by hand', 'manifest'] as const);
  const wish: Wish = { rollout: rollouts[rollout], instanceType: type, autoscaling: scaled === 'manifest' };
  const play: Play = {
    scene,
    dice,
    wish,
    violations: [],
    story: [`${rollout} on ${type}, autoscaling: ${scaled}`],
    approved: new Map(),
  };

  write(account, { rollout: wish.rollout });
  for (const version of ['1.0.0', ...versionsOf(wish), '1.4.0'] as const) {
    await account.prepare(version);
    play.approved.set(version, 0);
  }
  await deliver(account, '1.0.0');
  await scene.startTraffic(2);
  write(account, wish);
  if (scaled === 'by hand') await scaleByHand(scene);
  const scaling = await oracle.scalingOf(scene);
  const from = simulator.requests.length;

  for (let act = dice.one([1, 1, 1, 2, 2, 3]); act > 0; act--) await somethingHappens(play);

  await lastRun(play);
  const requests = simulator.requests.slice(from);
  const last = await readServing(simulator, team.endpoint);
  const scalingAfter = await oracle.scalingOf(scene);
  play.violations.push(
    ...oracle.destroyed(requests),
    ...(await oracle.alarmsOf(scene)).map((name) => `alarm ${name} is left`),
    ...oracle.wrongRecord(scene, last),
    ...oracle.wrongJournals(scene),
    ...(await oracle.missingForRollback(scene)),
    ...(scaled === 'by hand' && JSON.stringify(scaling) !== JSON.stringify(scalingAfter)
      ? [`autoscaling is ${JSON.stringify(scalingAfter)}, not ${JSON.stringify(scaling)}`]
      : []),
    ...(scaled !== 'no' && scalingAfter.length !== 1
      ? [`${scalingAfter.length} variants are scalable instead of one`]
      : []),
  );
  return { violations: play.violations, story: play.story.join('; ') };
};

/** One or two runs, and what befalls them. */
const somethingHappens = async (play: Play): Promise<void> => {
  const { scene, dice } = play;
  const { simulator, driver } = scene;
  const before = await readServing(simulator, team.endpoint);
  const first = begin(play, await nextOrder(play, before));
  const second = dice.chance(0.3) ? await meets(play, before) : undefined;
  const runs = second === undefined ? [first] : [first, second];
  for (const { run } of runs) harm(play, run);
  if (dice.chance(0.15)) {
    simulator.harm.failCapacity(1);
    play.story.push('the next fleet finds no capacity');
  }
  if (dice.chance(0.2)) {
    await driver.until(driver.now() + seconds(dice.number(400)));
    await changeApproval(play);
  }
  const ended: (readonly [Run, Ended])[] = [];
  for (const { run } of runs) ended.push([run, await run.ended()]);
  for (const [run, end] of ended)
    play.story.push(`${describe(run)} ended ${end.outcome ?? 'killed'}/${end.reason ?? ''}`);
  const alone = second === undefined ? ended[0] : undefined;
  if (alone !== undefined && !first.doomed) await beTrue(play, alone[1], before, alone[0]);
  await scene.account.pass(dice.one([0, seconds(20), minutes(1), minutes(5), minutes(11)]));
};

interface Begun {
  readonly run: Run;
  /** It is to be killed: it may say nothing, or something said in advance. */
  doomed: boolean;
}

const describe = ({ order: { host, operation, inputs } }: Run): string =>
  `${operation} ${inputs['version'] ?? ''}${inputs['dry-run'] ? ' (dry run)' : ''} on ${host}`;

interface Order {
  readonly operation: OperationName;
  readonly inputs: Readonly<Record<string, string>>;
  readonly host: HostName;
}

/** Steps go on with what stands dark; otherwise mostly a deployment, sometimes a way back, a watchdog, or a look. */
const nextOrder = async ({ dice, wish, scene }: Play, shown: Serving | undefined): Promise<Order> => {
  const host = dice.chance(0.6) ? 'github-actions' : dice.one(hostNames);
  const dark = shown?.variants.find(({ name }) => name.endsWith('-next'))?.version;
  const isSteps = wish.rollout === rollouts.steps;
  const live = scene.account.record()?.live;
  const again = live?.operation === 'deploy-endpoint' || live?.operation === 'shift-traffic' ? live : undefined;
  if (again !== undefined && dice.chance(0.6))
    return { host, operation: again.operation as OperationName, inputs: { version: again.version } };
  if (isSteps && dark !== undefined && dice.chance(0.7))
    return { host, operation: 'shift-traffic', inputs: { version: dark } };
  const other = dice.number(10);
  if (other === 0) return { host, operation: 'rollback', inputs: { because: 'a whim' } };
  if (other === 1) return { host, operation: 'rollback', inputs: { 'only-expired': 'true' } };
  const version = dice.one([...versionsOf(wish), ...versionsOf(wish), '1.4.0' as const]);
  if (other === 2 && host !== 'codepipeline')
    return { host, operation: 'deploy-endpoint', inputs: { version, 'dry-run': 'true' } };
  return { host, operation: 'deploy-endpoint', inputs: { version } };
};

const begin = ({ scene, dice, story }: Play, order: Order): Begun => {
  const run = scene.start({ ...order, runId: String(7 + dice.number(2)) });
  story.push(`${describe(run)}`);
  return { run, doomed: false };
};

/** A second run while the first is on its way. */
const meets = async (play: Play, before: Serving | undefined): Promise<Begun> => {
  const { dice, scene } = play;
  await scene.driver.until(scene.driver.now() + seconds(dice.number(300)));
  play.story.push('meanwhile');
  return begin(play, await nextOrder(play, before));
};

/** Everything the simulator can do to a process, at requests of its own. */
const harm = ({ scene: { simulator }, dice, story }: Play, run: Run): void => {
  const { faults } = simulator;
  const { participant } = run;
  for (let count = dice.number(4); count > 0; count--) {
    const kind = dice.one([
      'throttle',
      'server-error',
      'answer-lost',
      'never-arrived',
      'expired-token',
      'late',
    ] as const);
    const after = dice.number(160);
    const here = { participant, after, times: dice.one([1, 1, 2, 6]) };
    faults.add(kind === 'late' ? { ...here, kind, delayMs: seconds(1 + dice.number(25)) } : { ...here, kind });
    story.push(`${kind} at ${after} × ${here.times}`);
  }
  if (!dice.chance(0.6)) return;
  const after = dice.number(120);
  const side = dice.one(['unsent', 'unheard'] as const);
  const by = dice.one(['kill', 'kill', 'cancel'] as const);
  const action = by === 'kill' ? run.kill : run.interrupt;
  faults.add({ participant, after, times: 1, kind: 'call', action });
  if (by === 'cancel') {
    if (dice.chance(0.5))
      faults.add({ participant, after: after + 1 + dice.number(6), times: 1, kind: 'call', action: run.kill });
  } else {
    if (side === 'unheard') faults.add({ participant, after, times: 1, kind: 'answer-lost' });
    faults.add({ participant, after, times: Number.POSITIVE_INFINITY, kind: 'never-arrived' });
  }
  story.push(`${by} at ${after}, ${side}`);
};

/** A person changes their mind in the registry. */
const changeApproval = async ({ scene, dice, wish, approved, story }: Play): Promise<void> => {
  const version = dice.one(versionsOf(wish));
  const is = approved.has(version) ? 'Rejected' : 'Approved';
  await setApproval(scene, version, is);
  if (is === 'Approved') approved.set(version, scene.driver.now());
  else approved.delete(version);
  story.push(`${version} is ${is}`);
};

const setApproval = async ({ simulator }: Scene, version: Version, ModelApprovalStatus: string): Promise<void> => {
  const { ModelPackageSummaryList } = await simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: team.model,
  });
  const listed = ModelPackageSummaryList as readonly { ModelPackageArn: string; ModelPackageDescription?: string }[];
  const found = listed.find(({ ModelPackageDescription = '' }) => ModelPackageDescription.includes(version));
  if (found === undefined) throw new Error(`${version} is not in the registry`);
  await simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: found.ModelPackageArn,
    ModelApprovalStatus,
  });
};

/** A run that was alone and lived to report must have reported what is. */
const beTrue = async (play: Play, end: Ended, before: Serving | undefined, run: Run): Promise<void> => {
  const { scene, violations, story } = play;
  const { simulator } = scene;
  if (end.outcome === undefined || end.reason === undefined) return;
  const mutations = simulator.requests.filter(
    ({ participant, mutation, service }) =>
      mutation && service !== 'codepipeline' && participant !== undefined && end.participants.includes(participant),
  ).length;
  if (run.order.inputs['dry-run'] !== undefined && mutations > 0)
    violations.push(`a dry run made ${mutations} changes (${story.at(-1)})`);
  // What a failure, a refusal or a cancellation leaves depends on where it was met; the last run shows what is left.
  if (end.outcome !== 'succeeded' && end.outcome !== 'rolled-back') return;
  const after = await readServing(simulator, team.endpoint);
  const wrong = broken(end.outcome, end.reason as Parameters<typeof broken>[1], {
    before,
    after,
    version: run.order.inputs['version'] ?? after?.version ?? '',
    candidateConfig: end.endpointConfig ?? after?.endpointConfig,
    mutations,
  });
  // A plan, and a watchdog that found no expired lease, promise nothing of the endpoint: an earlier run's update may still be on its way.
  if (end.reason === 'planned' || end.reason === 'nothing-expired') return;
  // The release may have begun in an earlier run, over another state of the endpoint than this run found.
  if (end.outcome === 'rolled-back' || end.reason === 'brought-to-rest') {
    if (after?.pending !== undefined || after?.status !== 'InService')
      violations.push(`${end.outcome}/${end.reason}, and the endpoint is ${after?.status}`);
    return;
  }
  violations.push(...wrong.map((sentence) => `${describe(run)}: ${end.outcome}/${end.reason}: ${sentence}`));
};
/** All harm is over, all versions are approved: what is asked for now must come to pass. */
const lastRun = async (play: Play): Promise<void> => {
  const { scene, wish, approved, violations, story, dice } = play;
  const { account, simulator, driver } = scene;
  // The quiet before it: whatever was running has run out of leases and of time.
  await driver.until(driver.now() + minutes(20));
  simulator.harm.failCapacity(0);
  for (const version of versionsOf(wish)) if (!approved.has(version)) await setApproval(scene, version, 'Approved');
  const before = await readServing(simulator, team.endpoint);
  const version = dice.one(versionsOf(wish));
  const isSteps = wish.rollout === rollouts.steps;
  // In this process, which is quicker: it is no run that is tested, it shows where the others left the endpoint.
  const requested = async (operation: 'deploy-endpoint' | 'shift-traffic', of: string = version) => {
    const inputs = { version: of, retry: 'true' };
    const report = await account.run(operations[operation] as AnyOperation, inputs, { runId: '99' });
    if (report === undefined) throw new Error(`${operation} died although nothing harmed it`);
    return report.result;
  };
  // Nothing is planned beside a candidate with traffic: its shift is ended first, as the refusal says.
  const shifted = before?.variants.find(({ name, share }) => name.endsWith('-next') && share > 0)?.version;
  if (shifted !== undefined) {
    const shiftIsLive = account.record()?.live !== undefined;
    let ended = await requested('shift-traffic', shifted);
    // Likewise: a publishing that found no capacity is over, and the shift begun again publishes anew.
    if (shiftIsLive && ended.outcome !== 'succeeded') ended = await requested('shift-traffic', shifted);
    story.push(`the shift to ${shifted} ends ${ended.outcome}/${ended.reason}`);
  }
  const wasLive = account.record()?.live !== undefined;
  let end = await requested('deploy-endpoint');
  // It went on with a release whose end was harm's doing already, and said so: then the next one is a new attempt.
  if (wasLive && end.outcome !== 'succeeded') end = await requested('deploy-endpoint');
  if (isSteps && end.reason === 'candidate-dark') end = await requested('shift-traffic');
  story.push(`at last ${version} ends ${end.outcome}/${end.reason}`);
  if (end.outcome !== 'succeeded') violations.push(`the last run ended ${end.outcome}/${end.reason}: ${end.because}`);
  const after = await readServing(simulator, team.endpoint);
  const { live } = account.record() ?? {};
  violations.push(
    ...(after?.version === version ? [] : [`${after?.version ?? 'something unknown'} serves, not ${version}`]),
    ...(after?.variants.length === 1 ? [] : [`${after?.variants.length ?? 0} variants stand`]),
    ...(after?.status === 'InService' && after.pending === undefined ? [] : [`the endpoint is ${after?.status}`]),
    ...(after?.variants.every(({ instances: { current, desired } }) => current === desired && current >= 4) === true
      ? []
      : [`instances: ${JSON.stringify(after?.variants)}`]),
    ...(live === undefined ? [] : [`release ${live.id} is still live (${live.phase})`]),
    ...(before === undefined ? ['there was no endpoint'] : []),
  );
};
