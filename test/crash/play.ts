import type { LoggedRequest } from '../../simulator/contracts.ts';
import { minutes } from '../../src/clock.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { readServing, type Serving } from '../../src/rehearsal/serving.ts';
import { temporaries } from '../support/golden-set.ts';
import { type Act, acts } from './acts.ts';
import * as oracle from './oracle.ts';
import { type Point, pointNamed, type Recorded } from './points.ts';
import { type Ended, openScene, type Run, type Scene } from './scene.ts';

/** An act as it goes when nothing disturbs it: what is killed, and what a re-run must come to. */
export interface Recording {
  readonly act: string;
  readonly requests: readonly Recorded[];
  readonly rest: Readonly<Record<string, unknown>>;
  readonly packages: readonly object[];
  readonly changes: readonly (readonly [string, number])[];
}

/** The workflow run that acts; a re-run keeps its id. */
const runId = '7';

export const actNamed = (name: string): Act => {
  const act = acts.find((one) => one.name === name);
  if (act === undefined)
    throw new Error(`there is no act ${name}; there are ${acts.map((one) => one.name).join(', ')}`);
  return act;
};

const order = (act: Act, scene: Scene, host: Run['order']['host']) =>
  ({ host, operation: act.operation, inputs: act.inputs(scene), runId }) as const;

const onStage = async <T>(act: Act, play: (scene: Scene) => Promise<T>): Promise<T> => {
  const scene = await openScene();
  try {
    await act.before(scene);
    return await play(scene);
  } finally {
    await scene.close();
  }
};

/** @throws when an act does not end as it should although nothing disturbs it */
export const record = (name: string): Promise<Recording> => {
  const act = actNamed(name);
  return onStage(act, async (scene) => {
    const from = scene.simulator.requests.length;
    const end = await scene.start(order(act, scene, 'github-actions')).ended();
    if (outcomeOf(end) !== act.ends)
      throw new Error(
        `${name} ends ${outcomeOf(end)} instead of ${act.ends} although nothing disturbs it: ${end.because}`,
      );
    const requests = scene.simulator.requests.slice(from).filter(({ participant }) => isOf(end, participant));
    const { rest, packages } = await oracle.look(scene);
    const wrong = [...(await wrongAtTheEnd(act, scene))];
    if (wrong.length > 0) throw new Error(`${name}, although nothing disturbs it: ${wrong.join('; ')}`);
    return {
      act: name,
      requests: requests.map(({ at, mutation, service, operation }) => ({ at, mutation, service, operation })),
      rest,
      packages,
      changes: [...oracle.changes(requests)],
    };
  });
};

const outcomeOf = ({ outcome, reason }: Ended): string => `${outcome}/${reason}`;
const isOf = ({ participants }: Ended, participant: string | undefined): boolean =>
  participant !== undefined && participants.includes(participant);

/** What one crash point showed. */
export interface Shown {
  readonly violations: readonly string[];
  /** `killed → succeeded/delivered`. */
  readonly story: string;
}

export const playPoint = (name: string, clean: Recording): Promise<Shown> => {
  const point = pointNamed(name);
  const act = actNamed(point.act);
  return onStage(act, async (scene) => {
    const { simulator, account } = scene;
    const from = simulator.requests.length;
    const { serving: before, packages: registered } = await oracle.look(scene);
    const endings = (): number => (account.record()?.ended.length ?? 0) + (account.record()?.history.length ?? 0);
    const wereEnded = endings();

    const run = scene.start(order(act, scene, 'github-actions'));
    const died = planDeath(scene, run, point);
    const first = await run.ended();
    const violations = died() ? [] : ['the run never came to this request'];
    const wasOver = endings() > wereEnded || (await oracle.packagesOf(scene)).length > registered.length;

    // The same host takes its own lease over; another one has to wait until it has run out.
    await account.pass(point.rerun === 'github-actions' ? minutes(1) : minutes(11));
    const between = await readServing(simulator, team.endpoint);
    const again = await scene.start(order(act, scene, point.rerun)).ended();
    const after = await oracle.look(scene);
    // A step writes an outcome down in advance, for when it is killed.
    const story = `${point.by === 'cancel' ? outcomeOf(first) : 'killed'} → ${outcomeOf(again)}`;

    const isKill = point.by === 'kill';
    const expected =
      isKill && point.rerun === 'github-actions' ? (wasOver ? act.wasOver : [act.ends]) : [act.ends, ...act.wasOver];
    if (!expected.includes(outcomeOf(again)))
      violations.push(`the re-run ended ${outcomeOf(again)}, not ${expected.join(' or ')}: ${again.because}`);
    const requests = simulator.requests.slice(from);
    violations.push(...truthOf(act, again, { before, between, after: after.serving, requests }));
    if (
      first.outcome !== undefined &&
      !isKill &&
      first.outcome !== 'cancelled' &&
      ![act.ends, ...act.wasOver].includes(outcomeOf(first))
    )
      violations.push(`the cancelled run ended ${outcomeOf(first)}: ${first.because}`);
    violations.push(
      ...oracle.madeTwice(oracle.changes(requests), new Map(clean.changes), isKill ? 1 : 2),
      ...oracle.destroyed(requests),
      ...(await wrongAtTheEnd(act, scene)),
      ...differences(clean, after, isKill),
    );
    await account.pass(minutes(10));
    const later = await oracle.look(scene);
    if (JSON.stringify(later.serving) !== JSON.stringify(after.serving))
      violations.push(`ten minutes later the endpoint shows something else: ${JSON.stringify(later.serving)}`);
    return { violations, story };
  });
};

const truthOf = (
  act: Act,
  ended: Ended,
  seen: {
    readonly before: Serving | undefined;
    readonly between: Serving | undefined;
    readonly after: Serving | undefined;
    readonly requests: readonly LoggedRequest[];
  },
): readonly string[] => {
  const isRepeat =
    ended.reason === 'nothing-expired' ||
    ended.reason === 'serves-nowhere' ||
    ended.reason?.startsWith('already-') === true;
  return oracle.untrue(ended, {
    // A release that goes on began with what served before it.
    before: isRepeat || act.serves === undefined ? seen.between : seen.before,
    after: seen.after,
    version: (ended.reason === 'candidate-dark' ? act.dark : act.serves) ?? '',
    mutations: seen.requests.filter(
      ({ participant, mutation, service }) => mutation && service !== 'codepipeline' && isOf(ended, participant),
    ).length,
  });
};

/** What must hold at the end of every act, by whichever way. */
const wrongAtTheEnd = async (act: Act, scene: Scene): Promise<readonly string[]> => {
  const { serving } = await oracle.look(scene);
  const alarms = await oracle.alarmsOf(scene);
  const live = scene.account.record()?.live;
  return [
    ...(act.serves === undefined ? [] : servesAlone(act, serving)),
    ...alarms.map((name) => `alarm ${name} is left`),
    ...(await temporaries(scene)).map((name) => `${name} is left`),
    ...(live === undefined ? [] : [`release ${live.id} is still live (${live.phase})`]),
    ...oracle.wrongRecord(scene, serving),
    ...oracle.wrongJournals(scene),
    ...(await oracle.missingForRollback(scene)),
    ...(act.name.includes('bad') || oracle.failedRequests(scene) === 0
      ? []
      : [`${oracle.failedRequests(scene)} requests failed although no version fails`]),
  ];
};

const servesAlone = ({ serves, dark }: Act, shown: Serving | undefined): readonly string[] => {
  if (shown === undefined) return ['there is no endpoint'];
  const [whole, none] = [
    shown.variants.filter(({ share }) => share === 1),
    shown.variants.filter(({ share }) => share === 0),
  ];
  const besides = none.map(({ version }) => version ?? 'something unknown');
  return [
    ...(shown.status === 'InService' && shown.pending === undefined ? [] : [`the endpoint is ${shown.status}`]),
    ...(whole[0]?.version === serves ? [] : [`${shown.version ?? 'something unknown'} serves, not ${serves}`]),
    ...(whole.length + none.length === shown.variants.length ? [] : ['two variants share the traffic']),
    ...(dark === undefined ? besides.map((version) => `${version} stands beside it`) : []),
    ...shown.variants.flatMap(({ name, instances: { current, desired } }) =>
      current === desired && current >= 4 ? [] : [`${name} has ${current} of ${desired} instances`],
    ),
  ];
};

/** A kill leaves no trace at all; a cancellation leaves its own release behind, and the next attempt has names of its own. */
const differences = (clean: Recording, after: oracle.Shown, isKill: boolean): readonly string[] => {
  const [was, is] = isKill ? [clean, after] : [withoutAttempts(clean), withoutAttempts(after)];
  return [
    ...Object.keys({ ...was.rest, ...is.rest }).flatMap((name) => {
      const [expected, found] = [JSON.stringify(was.rest[name]), JSON.stringify(is.rest[name])];
      return expected === found ? [] : [`${name} is ${found}, not ${expected}`];
    }),
    ...(JSON.stringify(was.packages) === JSON.stringify(is.packages)
      ? []
      : [`the registry has ${JSON.stringify(is.packages)}, not ${JSON.stringify(was.packages)}`]),
  ];
};

const withoutAttempts = <T extends Pick<Recording, 'rest' | 'packages'>>({ rest, packages }: T) => {
  const {
    ended: _,
    history,
    endpoint,
    ...others
  } = rest as {
    readonly ended?: unknown;
    readonly history?: readonly { readonly endpointConfig: string }[];
    readonly endpoint?: { readonly EndpointConfigName: string };
  };
  const { EndpointConfigName: _name, ...shown } = endpoint ?? {};
  return {
    packages,
    rest: {
      ...others,
      endpoint: shown,
      history: history?.map(({ endpointConfig: _config, ...entry }) => entry),
    } as Readonly<Record<string, unknown>>,
  };
};

/** How many requests a run that was cancelled gets to make before it is killed too: the abort's own. */
const gracefulRequests = 3;

/** @returns whether it has come to it */
const planDeath = ({ simulator }: Scene, run: Run, { request, side, by }: Point): (() => boolean) => {
  let reached = false;
  const { faults } = simulator;
  const { participant } = run;
  const here = { participant, after: request } as const;
  faults.add({
    ...here,
    times: 1,
    kind: 'call',
    action: () => {
      reached = true;
      if (by === 'kill') run.kill();
      else run.interrupt();
    },
  });
  const never = { participant, times: Number.POSITIVE_INFINITY, kind: 'never-arrived' } as const;
  if (side === 'unheard') faults.add({ ...here, times: 1, kind: 'answer-lost' });
  else faults.add({ ...here, times: 1, kind: 'never-arrived' });
  if (by === 'kill') faults.add({ ...never, after: request });
  if (by === 'cancel-kill') {
    const last = request + 1 + gracefulRequests;
    faults.add({ participant, after: last, times: 1, kind: 'call', action: () => run.kill() });
    faults.add({ ...never, after: last });
  }
  return () => reached;
};
