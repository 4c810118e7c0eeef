import type { AwsReads, AwsWrites } from './aws/clients.ts';
import type { Clock } from './clock.ts';
import type { CheckCase } from './findings/regression.ts';
import type { Comparison, GitHub } from './github/github.ts';
import type { S3Location } from './manifest/manifest.ts';

/** Everything an operation may touch. The host builds it. The same operation runs against AWS, the simulator, or a test double. */
export interface World {
  readonly clock: Clock;
  /** The host aborts it to end the running turn: the turn stops before its next call. */
  readonly signal: AbortSignal;
  readonly run: Run;
  readonly account: Account;
  readonly workspace: Workspace;
  readonly read: AwsReads;
  /** Absent in a dry run, which therefore cannot write. */
  readonly write?: AwsWrites;
  /**
   * From here on no answer is given again (`aws/answers.ts`): the next read asks AWS, as the look directly before a write does. Absent
   * where every read asks.
   */
  readonly lookAgain?: () => void;
  /**
   * Loads the code that is not loaded yet. A run waits for hours, and somebody may replace its files meanwhile. Absent where all code is
   * loaded.
   */
  readonly loadRest?: () => void;
  /** One object for all turns of a session: whatever a turn leaves for the next ones in this process is kept beside it. A hint. */
  readonly session?: object;
  /** The history of the checkout; absent where a run has no checkout. */
  readonly commits?: Commits;
  /** Absent where a run starts no program of its user: a job worker serves many pipelines, and never runs code of an artifact. */
  readonly programs?: Programs;
  /** The account and region of another environment, whose endpoint a regression test asks by a role of its own. */
  readonly elsewhere?: Elsewhere;
  /** Another account's registry, where the manifest names one; without it the registry is this account's own. */
  readonly registry?: Registry;
  /** The repository of the run at GitHub, where the host has a token for it. */
  readonly github?: GitHub;
  /** Absent in a dry run, which posts nothing. */
  readonly webhooks?: Webhooks;
}

/** Addresses that only the environment of the run has. */
export interface Webhooks {
  /**
   * @param variable of the environment, whose value is the address
   * @throws {Error} with a clause that names the variable and never the address
   */
  post(variable: string, body: object): Promise<void>;
}

/** The files beside the manifest: of the checkout, or of the pipeline's artifact. */
export interface Workspace {
  /**
   * @param path relative to the root; it does not lead out of it
   * @throws {InputError} when there is no such file, or it is larger than `mostBytes`
   */
  read(path: string, mostBytes: number): Promise<Buffer>;
  /** As `read`, without its content in memory. */
  open(path: string, mostBytes: number): Promise<FileParts>;
}

/** The commits of a git repository on this machine. */
export interface Commits {
  /** The commit that is checked out. `branch` is absent when it is on none. @returns undefined without a repository */
  head(): Promise<{ readonly commit: string; readonly branch?: string } | undefined>;
  /**
   * The commits that `head` has and `base` has not.
   * @param paths from the root of the repository: commits that change none of them are left out; empty: all commits
   */
  compare(base: string, head: string, paths: readonly string[]): Promise<Compared>;
}

export type Compared =
  | ({ readonly is: 'known' } & Comparison)
  /** The whole history is there, and lacks one of the two. */
  | { readonly is: 'absent' }
  /** `head` has no such folder and no such file. */
  | { readonly is: 'no-path'; readonly path: string }
  /** A clause, and its remedy: `the checkout is shallow: set …`. */
  | { readonly is: 'unreadable'; readonly because: string };

/** A file that is read in parts. */
export interface FileParts {
  readonly size: number;
  /**
   * The bytes from the place `from`, to the one before `to`.
   * @throws {InputError} when the file has changed since it was opened
   */
  read(from: number, to: number): Promise<Buffer>;
}

/** Programs of the user, on the machine of the run. */
export interface Programs {
  /** Resolves when the program and all that it started have ended; when the run's signal aborts, they are ended. */
  run(program: Program): Promise<ProgramEnd>;
}

export interface Program {
  /** Started without a shell, in the folder of the checkout. */
  readonly argv: readonly string[];
  /** Beside the variables of the run. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** The JUnit report that it is to write: a path in the checkout. */
  readonly junit?: string;
  /** The one endpoint that it asks; `elsewhere`: in the account of `World.elsewhere`. */
  readonly asks: { readonly endpoint: string; readonly elsewhere?: true };
}

export interface ProgramEnd {
  readonly how:
    | { readonly is: 'exited'; readonly code: number }
    | { readonly is: 'killed'; readonly by: string }
    | { readonly is: 'timed-out' }
    /** By the system's code, such as ENOENT. */
    | { readonly is: 'not-started'; readonly code: string };
  /** The last line that it printed, if any. Foreign text. */
  readonly lastLine?: string;
  /** Of a program that was to write one. */
  readonly report?: ProgramReport;
}

/** A report that this program wrote: one of an earlier run is none. Its texts are foreign. */
export type ProgramReport =
  | { readonly is: 'read'; readonly cases: readonly CheckCase[] }
  /** A clause with its subject: `it wrote no results.xml`. */
  | { readonly is: 'none'; readonly because: string };

/** Another account, or another region of the same. */
export interface Elsewhere {
  readonly account: Account;
  readonly read: AwsReads;
  readonly write?: AwsWrites;
}

/** The model package groups of another account, and their artifacts. */
export interface Registry {
  /** The owner of the groups. */
  readonly account: Account;
  /** Role in that account, by whose credentials `read` and `write` work; without it they are the environment's own. */
  readonly role?: string;
  readonly read: AwsReads;
  readonly write?: AwsWrites;
  /** Artifacts and images of that account as the environment's own credentials read them. */
  readonly content: AwsReads;
  /** Where registered artifacts and evaluations lie. */
  readonly artifacts: S3Location;
  /** ARNs of the identities of the delivering account that need access: the caller, and the role that SageMaker reads with. */
  readonly readers: { readonly caller: string; readonly execution?: string };
}

/** The account of the credentials, read from STS before anything else. */
export interface Account {
  readonly partition: string;
  readonly region: string;
  readonly id: string;
}

/** The hosts there are. A table of hosts is typed by this, so that a new one cannot be left out of it. */
export type HostName = 'github-actions' | 'codepipeline' | 'command-line';

/** The requester, and a page about the run. */
export interface Run {
  /** The state machine of a fleet is in no table of hosts: it delivers and takes back, and offers no other operation. */
  readonly host: HostName | 'step-functions';
  /**
   * Stable over re-runs of the same job with the same request (`github/<repository>/<run id>/<job>/<operation>/<digest of the
   * request>`), so that a re-run takes its own lease over; different for every other requester.
   */
  readonly holder: string;
  readonly url?: string;
  readonly repository?: string;
  readonly commit?: string;
  readonly ref?: string;
  readonly actor?: string;
  /** Absent where the run is no workflow run at GitHub. */
  readonly workflow?: WorkflowOfRun;
  /** The pull request or the issue that the run's event is about. */
  readonly thread?: { readonly is: 'pull-request' | 'issue'; readonly number: number };
}

/** The workflow run at GitHub, as its runner knows it. */
export interface WorkflowOfRun {
  readonly id: number;
  /** A comment started it, so its actor is the author of the comment. */
  readonly byComment?: true;
  /** The system of the runner, where it is GitHub's own and its minutes are paid for. */
  readonly hosted?: string;
}

/** `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7`. ARNs are rebuilt here from names, never passed between jobs. */
export const arn = (account: Account, service: string, resource: string): string =>
  `arn:${account.partition}:${service}:${account.region}:${account.id}:${resource}`;

/** The write clients, for a turn that is not a dry run. */
export const writesOf = <Writes>(world: { readonly write?: Writes }): Writes => {
  if (world.write === undefined) throw new Error('a dry run reached a write');
  return world.write;
};
