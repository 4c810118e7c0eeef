import type { AwsReads, AwsWrites } from './aws/clients.ts';
import type { Clock } from './clock.ts';

/** Everything an operation may touch. Built by the host; the same operation runs against AWS, the simulator, or a test double. */
export interface World {
  readonly clock: Clock;
  /** Aborts when the host wants the running turn to end: the turn stops before its next call. */
  readonly signal: AbortSignal;
  readonly run: Run;
  readonly account: Account;
  readonly read: AwsReads;
  /** Absent in a dry run, which therefore cannot write. */
  readonly write?: AwsWrites;
}

/** Whose account the credentials belong to, asked of STS before anything else. */
export interface Account {
  readonly partition: string;
  readonly region: string;
  readonly id: string;
}

/** The hosts there are. A table of hosts is typed by this, so that a new one cannot be left out of it. */
export type HostName = 'github-actions' | 'codepipeline' | 'command-line';

/** Who asks, and where people can read about it. */
export interface Run {
  readonly host: HostName;
  /**
   * Stable over re-runs of the same job that ask for the same (`github/<repository>/<run id>/<job>/<operation>/<digest of what is
   * asked>`), so that a re-run takes its own lease over; different for everybody else.
   */
  readonly holder: string;
  readonly url?: string;
  readonly repository?: string;
  readonly commit?: string;
  readonly ref?: string;
  readonly actor?: string;
}

/** `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7`. ARNs are rebuilt here from names, never passed between jobs. */
export const arn = (account: Account, service: string, resource: string): string =>
  `arn:${account.partition}:${service}:${account.region}:${account.id}:${resource}`;

/** The write clients, for a turn that is not a dry run. */
export const writesOf = (world: World): AwsWrites => {
  if (world.write === undefined) throw new Error('a dry run reached a write');
  return world.write;
};
