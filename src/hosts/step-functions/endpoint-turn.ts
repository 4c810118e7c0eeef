import type { JobData } from '../../aws/codepipeline.ts';
import { Throttled } from '../../aws/retry.ts';
import { type Clock, seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import { parseYaml } from '../../manifest/yaml.ts';
import type { OperationName } from '../../operation.ts';
import type { AnyOperation } from '../../operations/all.ts';
import { reasonCodes } from '../../reason-codes.ts';
import { failureOf } from '../../report/failure.ts';
import { InputError } from '../../schema.ts';
import type { OpenSession } from '../../session/session.ts';
import { wholeFiles } from '../../whole-files.ts';
import type { Run, Workspace } from '../../world.ts';
import type { JobEnd } from '../codepipeline/job-answer.ts';
import { readToken } from '../codepipeline/job-token.ts';
import { answerJob } from '../codepipeline/job-turn.ts';
import { type EndpointProgress, type EndpointTurn, type Roll, type TurnPlace, timestamp } from './fleet-event.ts';
import { beside, executionOf, type FleetStore } from './fleet-store.ts';

export interface FleetPlaceOfWork {
  /** Requests that SageMaker has answered to this process. */
  readonly answered: () => number;
  readonly env: Env;
  readonly clock: Clock;
  readonly operations: readonly AnyOperation[];
  readonly openSession?: OpenSession;
  readonly say: (line: string) => void;
}

const manifestName = 'delivery.yml';

/**
 * One turn for one endpoint: that of a job of CodePipeline, with the environment of the manifest moved to the endpoint. An endpoint
 * that serves the version already ends `already-delivered`; one that another execution began is gone on with, by its release record.
 * @throws {Throttled} before the turn, when the fleet's bucket cannot be read for now
 */
export const turnOfEndpoint = async (
  event: EndpointTurn,
  store: FleetStore,
  work: FleetPlaceOfWork,
): Promise<EndpointProgress> => {
  const { roll, wave, aim, place, endpoint } = event;
  const { clock, say } = work;
  const before = work.answered();
  const requests = (): number => event.requests + work.answered() - before;
  const log = (line: string): void => say(`${place.account}/${place.region}/${endpoint}  ${line}`);
  const done = async (end: JobEnd): Promise<EndpointProgress> => {
    const { outcome, reason, because } = end;
    log(`${outcome}/${reason}: ${because}`);
    // What was never begun is no failure of the version.
    if (aim === 'deliver' && outcome !== 'succeeded' && reason !== 'line-stopped')
      await store.noteFailure(roll, wave.index, {
        ...{ account: place.account, region: place.region },
        ...{ endpoint, outcome, reason, because },
      });
    return { is: 'done', requests: requests(), endpoint, outcome, reason };
  };

  const { operation: name, token } = readFleetToken(event);
  if (event.token === null && aim === 'deliver') {
    const failures = await store.failuresIn(roll, wave.index, wave.tolerated + 1);
    if (failures > wave.tolerated)
      return done({
        ...lineStopped,
        because: `${failures} endpoints of this wave failed before; this one was not begun`,
      });
  }
  const operation = work.operations.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`${name} is not an operation of this function`);
  let moved: string;
  try {
    moved = await movedManifest(store, roll, place, endpoint);
  } catch (error) {
    if (error instanceof Throttled) throw error;
    return done(failureOf(error));
  }
  const { machine } = executionOf(roll.execution);
  const run: Run = {
    host: 'step-functions',
    // Without the execution: a new one takes the leases over of one that died.
    holder: `step-functions/${machine}/${roll.fleet}/${roll.version}/${aim}`,
  };
  const files = (): Workspace =>
    wholeFiles((path, most) =>
      path === manifestName ? Promise.resolve(Buffer.from(moved)) : store.bytes(beside(roll.manifest, path), most),
    );
  const answer = await answerJob(operation, jobOf(name, roll, token), {
    env: work.env,
    clock,
    // An execution that was stopped takes no more turns.
    calls: undefined,
    instead: { run, files },
    ...(work.openSession === undefined ? {} : { openSession: work.openSession }),
  });
  if (answer === undefined) throw new Error('a turn of a fleet has no answer');
  if (answer.end === undefined) {
    const { continuationToken = '', executionDetails } = answer.is === 'success' ? answer.result : {};
    const notBefore = readToken(continuationToken)?.notBefore ?? clock.now() + seconds(30);
    const { summary: because = '', percentComplete: percent = 0 } = executionDetails ?? {};
    log(`${percent} % ${because}`);
    return {
      ...{ is: 'waiting', notBefore: timestamp(notBefore), token: `${name}:${continuationToken}` },
      ...{ requests: requests(), percent, because },
    };
  }
  // The candidate is up without traffic: the steps follow.
  if (aim === 'deliver' && answer.end.reason === 'candidate-dark') {
    log(answer.end.because);
    return {
      ...{ is: 'waiting', notBefore: timestamp(clock.now()), requests: requests(), percent: 0 },
      ...{ token: 'shift-traffic:', because: answer.end.because },
    };
  }
  return done(answer.end);
};

const lineStopped = { outcome: reasonCodes['line-stopped'].outcome, reason: 'line-stopped' } as const;

/** `deploy-endpoint:<continuation token>`. */
const readFleetToken = ({
  aim,
  token,
}: EndpointTurn): { readonly operation: OperationName; readonly token?: string } => {
  const [, written, rest] = /^(deploy-endpoint|shift-traffic|rollback):(.*)$/s.exec(token ?? '') ?? [];
  const operation = (written ?? (aim === 'deliver' ? 'deploy-endpoint' : 'rollback')) as OperationName;
  return rest ? { operation, token: rest } : { operation };
};

const jobOf = (operation: OperationName, roll: Roll, token: string | undefined): JobData => ({
  actionConfiguration: {
    configuration: {
      environment: roll.environment,
      ...(operation === 'rollback'
        ? { because: `the fleet's line stopped: ${roll.version} failed at other endpoints` }
        : { version: roll.version }),
      ...(operation === 'deploy-endpoint' && roll.retry ? { retry: 'true' } : {}),
    },
  },
  ...(token === undefined ? {} : { continuationToken: token }),
});

/** The manifest with the environment of the fleet at this endpoint. @throws {InputError} when it is not the one that the roll began with */
const movedManifest = async (store: FleetStore, roll: Roll, place: TurnPlace, endpoint: string): Promise<string> => {
  const { text, sha256 } = await store.text(roll.manifest);
  if (sha256 !== roll.manifestSha256)
    throw new InputError(
      `${roll.manifest} changed during the execution; start a new one: it goes on where this one ends`,
    );
  return moveManifest(text, roll.environment, place, endpoint);
};

/** @param text a valid manifest, with this environment */
export const moveManifest = (text: string, environment: string, place: TurnPlace, endpoint: string): string => {
  const manifest = parseYaml(text).value as Readonly<Record<string, Readonly<Record<string, object>>>>;
  const written = manifest['environments']?.[environment] as Readonly<Record<string, object>>;
  const moved = { ...written, ...place, endpoint: { ...written['endpoint'], name: endpoint } };
  return JSON.stringify({ ...manifest, environments: { ...manifest['environments'], [environment]: moved } });
};
