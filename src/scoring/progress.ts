import type { Instant } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Memory, Plan, Progress, Remarks } from '../operation.ts';
import { type ReasonCode, reason } from '../reason-codes.ts';
import { withoutAccount } from '../report/result.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { Silence } from './silence.ts';
import { removeTemporary } from './temporary.ts';

export interface RegressionTestOutputs {
  readonly version: string;
  readonly tag: string;
  readonly 'model-package-version': string;
  readonly verdict: string;
  readonly attempt: string;
  readonly rows: string;
  readonly 'valid-until': string;
  readonly answers: string;
}

/** All that a turn would read again anyway; the answers are in S3. */
export interface RegressionTestMemory extends Memory {
  /** Id of the subject with which the test began: another one means that something changed meanwhile. */
  readonly of: string;
  /** `testOf` the inputs. */
  readonly test: string;
  /** Absent until the attempt is in its record. */
  readonly attempt?: number;
  /** Name of the temporary model, and of the config and the endpoint where there are some: to be removed. */
  readonly temporary?: string;
  /** Names of batch transform jobs, to be stopped when the run is cancelled. */
  readonly jobs?: readonly string[];
  /** First digits of the digest of the content that answers for the candidate. */
  readonly candidate?: string;
  /** Present while no request is answered. */
  readonly silence?: Silence;
  /** The test ends like this as soon as the temporary endpoint is gone. */
  readonly ends?: { readonly reason: ReasonCode; readonly because: string };
}

export type Turn = Progress<RegressionTestMemory, RegressionTestOutputs>;

/** First digits of the digest of the inputs that name a test: a token belongs to one test. */
export const testOf = ({ manifest, environment, version }: Tested): string =>
  digest([manifest.model, environment, version]).slice(0, 12);

interface Tested {
  readonly manifest: Pick<Manifest, 'model'>;
  readonly environment: string;
  readonly version: string;
}

/** The memory of a test that has not begun. @param of id of its subject */
export const noMemory = (given: Tested, of: string): RegressionTestMemory => ({ v: 1, of, test: testOf(given) });

/** The turn that goes on. */
interface At {
  readonly world: World;
  readonly memory: RegressionTestMemory;
}

export interface Step {
  readonly percent: number;
  readonly because: string;
  readonly notBefore?: Instant;
  readonly plan?: Plan;
  readonly remarks?: Remarks;
}

export const waiting = ({ world, memory }: At, { percent, because, notBefore, plan, remarks }: Step): Turn => ({
  is: 'waiting',
  memory,
  percent,
  because,
  notBefore: notBefore ?? world.clock.now(),
  ...withoutUndefined({ plan, remarks }),
});

/** Nothing is left behind, and no verdict is written. */
export const endWithoutVerdict = async (
  world: World,
  memory: RegressionTestMemory,
  ends: NonNullable<RegressionTestMemory['ends']>,
): Promise<Turn> => {
  const step = memory.temporary === undefined ? undefined : await removeTemporary(world, memory.temporary);
  if (step !== undefined)
    return {
      is: 'waiting',
      // Memory leaves the run, and AWS's words may have the account in them.
      memory: { ...memory, ends: { ...ends, because: withoutAccount(ends.because, world.account.id).slice(0, 500) } },
      notBefore: world.clock.now(),
      percent: 92,
      ...step,
    };
  return { is: 'done', outcome: reason(ends.reason).outcome, reason: ends.reason, outputs: {}, because: ends.because };
};
