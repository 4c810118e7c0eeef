import type { Instant } from './clock.ts';
import type { Course } from './findings/course.ts';
import type { RegisteredMetrics } from './findings/evidence.ts';
import type { Findings } from './findings/findings.ts';
import type { offers } from './offers.ts';
import type { Outcome } from './outcome.ts';
import type { ReasonCode } from './reason-codes.ts';
import type { OutputSchema, Schema } from './schema.ts';
import type { World } from './world.ts';

export type OperationName = keyof typeof offers;

/**
 * Why the host ends an operation and has it settle AWS; `handed-over`: the operation leaves everything for a later run to continue.
 */
export type AbortReason = 'cancelled' | 'timed-out' | 'handed-over';

/** The reason code of an aborted run. */
export const reasonOfAbort = {
  cancelled: 'cancelled',
  'timed-out': 'deadline-passed',
  'handed-over': 'in-progress',
} as const satisfies Readonly<Record<AbortReason, ReasonCode>>;

/**
 * The hint that one turn passes to the next; it is never the truth. At most 2,048 characters as JSON, versioned by `v`, no ARN, no
 * account id. Without it the next turn finds the release record and goes on.
 */
export interface Memory {
  readonly v: 1;
}

/** The changes a run would make. A dry run and `plan` print it, and every delivery prints it first. */
export interface Plan {
  /** One line: `deploy churn 1.4.0 to churn by canary`. */
  readonly title: string;
  /** The objects to create, change or leave alone, in order; empty when there is nothing to do. */
  readonly changes: readonly Change[];
  /** Facts the reader should know before the run continues: skips, opt-outs, predicted traffic, the meaning of a rollback here. */
  readonly notes: readonly string[];
  /** Of a version that replaces another. Absent where it was registered without metrics. */
  readonly metrics?: RegisteredMetrics;
  /** Expected duration, from estimates that the notes name. */
  readonly expectedSeconds: number;
  /** The run ends before the change does. */
  readonly unfollowed?: true;
  /** Instances billed at the peak of the rollout, by instance type. The quota check compares them. */
  readonly peakInstances: Readonly<Record<string, number>>;
  /** IAM actions the run needs, sorted. */
  readonly permissions: readonly string[];
}
export interface Change {
  readonly verb: 'create' | 'update' | 'reuse' | 'keep' | 'delete';
  /** `endpoint config churn-1-4-0-1a2b3c4d`. */
  readonly object: string;
  /** `model: churn-1-3-0-… → churn-1-4-0-…`. */
  readonly details: readonly string[];
}

export type Progress<M extends Memory, Outputs> =
  | {
      readonly is: 'waiting';
      readonly memory: M;
      /** The next turn must not start earlier. */
      readonly notBefore: Instant;
      /** 0–100, never falls within a run. */
      readonly percent: number;
      readonly because: string;
      /** Set by the planning turn (the one without memory). */
      readonly plan?: Plan;
      readonly remarks?: Remarks;
      /** The facts for people whose decision the run waits for: the host shows them at once, and at its end. */
      readonly findings?: Findings;
      /** Of a release. */
      readonly course?: Course;
    }
  | {
      readonly is: 'done';
      readonly outcome: Outcome;
      readonly reason: ReasonCode;
      readonly outputs: Partial<Outputs>;
      readonly because: string;
      readonly findings?: Findings;
      readonly course?: Course;
      /** Texts of the files that the operation's `files` may name. */
      readonly files?: Readonly<Record<string, string>>;
      readonly plan?: Plan;
      readonly remarks?: Remarks;
    };

/** Problems beside the delivery that must not fail it (DESIGN §7 rule 13): warnings for the host to show. */
export type Remarks = readonly string[];

/** The part of the World that is on the machine of the run. */
export type Near = Pick<World, 'clock' | 'workspace'>;

/**
 * An operation never sleeps, never reads the environment, never prints. Each turn looks, makes at most one change, and returns the
 * next step.
 */
export interface Operation<Inputs, M extends Memory, Outputs> {
  readonly name: OperationName;
  /** One sentence, for `action.yml`, README and `--help`. */
  readonly description: string;
  readonly inputs: Schema<Inputs>;
  /** Names of files to write, besides those of every operation, on a host that writes files. */
  readonly files?: Schema<object>;
  readonly outputs: OutputSchema<Outputs>;
  /** With one of these inputs a host may run the operation once for each environment, when no `environment` is given. */
  readonly everywhereWith?: readonly string[];
  /**
   * The whole run, where these inputs need no account: the host opens no session, and there is nothing to resume or to settle. Undefined
   * for all other inputs, and absent where every run needs an account.
   * @throws {InputError} where inputs contradict one another
   */
  offline?(inputs: Inputs): ((near: Near) => Promise<Extract<Progress<M, Outputs>, { is: 'done' }>>) | undefined;
  /**
   * One turn. Without memory: look, plan, write nothing (a dry run stops here). With memory: look again, act once, return the next
   * step.
   * @throws {Refusal} when the request cannot be carried out as given; nothing was written for it
   */
  advance(inputs: Inputs, memory: M | undefined, world: World): Promise<Progress<M, Outputs>>;
  /** Settles AWS after an abort. Called only after the running turn has ended. */
  abort(inputs: Inputs, memory: M | undefined, why: AbortReason, world: World): Promise<Progress<M, Outputs>>;
}

/**
 * The request cannot be carried out as given. Raised before the first write; its message names the problem, the object and the
 * remedy.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: ReasonCode;
  constructor(reason: ReasonCode, message: string) {
    super(message);
    this.reason = reason;
  }
}
