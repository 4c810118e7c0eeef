import { classify } from '../aws/errors.ts';
import type { Identity } from '../aws/identity.ts';
import { Throttled } from '../aws/retry.ts';
import { type Clock, type Instant, iso, minutes, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import { consolePage } from '../endpoint/console.ts';
import { endpointKey } from '../endpoint/key.ts';
import type { Env } from '../env.ts';
import type { GitHubAccess } from '../github/open-github.ts';
import { type CommonInputs, commonInputs } from '../inputs/common-inputs.ts';
import { folder } from '../inputs/folder.ts';
import { fieldsOf, readInputs, type Written, wireName } from '../inputs/read-inputs.ts';
import type { Stray } from '../inputs/stray-inputs.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type TestDue, testDue } from '../manifest/test-due.ts';
import type { Memory, Near, Operation, OperationName, Plan } from '../operation.ts';
import { oneLine, withoutCommands } from '../plain-text.ts';
import { reasonCodes } from '../reason-codes.ts';
import { failureOf } from '../report/failure.ts';
import { newsFilter } from '../report/news.ts';
import type { Subject } from '../report/publications/subject.ts';
import {
  accountsIn,
  type Place,
  type Report,
  type Result,
  scrubbed,
  type TimelineEntry,
  withoutAccount,
} from '../report/result.ts';
import { InputError, type OutputSchema, type Schema } from '../schema.ts';
import { withoutSecrets } from '../secrets.ts';
import type { EarlyQuestion } from '../session/early-question.ts';
import {
  type IdentityToken,
  type Launched,
  type OpenSession,
  openSession,
  type Session,
  type SessionRequest,
  targetOf,
} from '../session/session.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account, ProgramEnd, Run } from '../world.ts';
import { clockOf } from './clock.ts';
import { abortToEnd, drive, type Ended, type Waiting, withinLimit } from './drive.ts';
import { type WaitOptions, waitOut } from './patience.ts';
import { placesOf } from './places.ts';
import { wallClock } from './wall-clock.ts';

/** The contributions of a host. */
export interface Host {
  readonly env: Env;
  readonly run: Run;
  readonly written: Written;
  /** Inputs of this host alone; checked with all others before anything happens. */
  readonly hostInputs?: Schema<object>;
  /** Names that the user wrote but that are no inputs; they are refused together with all other mistakes. */
  readonly strays?: readonly Stray[];
  /** Account ids and ARNs stay in the report: only the person who started the run reads it, on the same machine. */
  readonly verbatim?: boolean;
  /** Role to assume instead of the manifest's role. */
  readonly role?: string;
  readonly signal: AbortSignal;
  readonly observer: Observer;
  /** Starts a program of the user in the folder of the checkout; absent where this host starts none. */
  readonly launch?: (program: Launched, signal: AbortSignal, machine: Machine) => Promise<ProgramEnd>;
  /** The history of the checkout, for the operation that reads it. */
  readonly commits?: SessionRequest['commits'];
  /** Requests an OIDC token from GitHub, where GitHub offers one. */
  readonly identityToken?: IdentityToken;
  /** Opens the repository of the run at GitHub with the run's clock; absent without a token. */
  readonly github?: (clock: Clock) => GitHubAccess;
  /** Called with every identity the moment it is known: the host hides it from its log. */
  readonly learned?: (identity: Identity) => void;
  /** Asked of AWS while this program was loaded. */
  readonly early?: EarlyQuestion;
  readonly seams?: Seams;
}

/** Where a program of the user runs. */
export interface Machine {
  /** The checkout. */
  readonly root: string;
  readonly clock: Clock;
  /** Gets each line that the program prints, and the command itself. Foreign text. */
  readonly say: (line: string) => void;
}

/** Replacements for tests: a session and a clock that need no network. */
export interface Seams {
  readonly openSession?: OpenSession;
  readonly clock?: Clock;
  /** Opens a clock that this process alone knows. @throws {InputError} */
  readonly openClock?: () => Promise<Clock>;
}

/** The notifications of a running delivery to its host. */
export interface Observer {
  /** The inputs are read; `inputs` has the user's text of each, or the default. */
  inputs(shown: Readonly<Record<string, string>>): void;
  /** `lines` give the account of this run, and its deadline once it waits. */
  started(lines: readonly string[]): void;
  plan(plan: Plan): void;
  /** The run is about to carry out a plan that changes something. */
  begins?(subject: Subject): void;
  /** The run waits for people: the report as of now has the facts for their decision. */
  shows?(report: Report): void;
  /** Every change, and a sign of life every five minutes. */
  progress(entry: TimelineEntry): void;
  /** After every turn that waits: for a line that shows where the run is now. */
  waits?(turn: Waiting, clock: Clock, deadline: Instant): void;
  /** After every change: the token that another process needs to finish this run. */
  keep(token: string): void;
  /** A line that a program of the user printed. */
  printed(line: string): void;
  /** The stack of a defect of this suite, for a bug report. */
  defect(stack: string): void;
}

export interface OperationRun {
  /** Never rejects. */
  readonly ended: Promise<Report>;
  /** The report as of now, when there is no time to wait for the end. */
  interrupted(because: string): Report;
}

/** A post step may use the five minutes that GitHub gives to `always()` steps of a cancelled job, less time to report. */
const postStepLimit = minutes(4);

/** Inputs → World → turns → report: one run of one operation, the same on every host that waits by itself. */
export const startRun = <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  host: Host,
): OperationRun =>
  runOperation(operation, host, {
    go: (started) => driveToEnd(operation, host, started),
    offline: (whole, near) => whole(near),
  });

/** Finishes a run whose process was killed: settles its release and reports. */
export const finishRun = <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  host: Host,
  token: string | undefined,
): OperationRun =>
  runOperation(operation, host, {
    go: ({ inputs, common, session }) =>
      abortToEnd(operation, inputs, token, 'cancelled', session.worldFor, common['dry-run'], postStepLimit),
    offline: async () => cancelled('the run was stopped before it had a verdict; it had written nothing'),
  });

/** A run from its beginning, or the end of one that was stopped. */
interface Course<Inputs, M extends Memory, Outputs> {
  go(started: Started<Inputs>): Promise<Ended<Outputs>>;
  /** Without an account; `Operation.offline`. */
  offline(
    whole: NonNullable<ReturnType<NonNullable<Operation<Inputs, M, Outputs>['offline']>>>,
    near: Near,
  ): Promise<Ended<Outputs>>;
}

interface Started<Inputs> {
  readonly inputs: Inputs;
  readonly common: CommonInputs;
  readonly clock: Clock;
  readonly session: Session;
  readonly saw: { plan(plan: Plan): void; progress(entry: TimelineEntry): void; findings(turn: Waiting): void };
  /** The limits for waiting out throttling. */
  readonly waiting: WaitOptions;
}

const runOperation = <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  host: Host,
  { go, offline }: Course<Inputs, M, Outputs>,
): OperationRun => {
  let clock: Clock = host.seams?.clock ?? wallClock;
  let startedAt: Instant = clock.now();
  let dryRun = false;
  let plan: Plan | undefined;
  let key: string | undefined;
  let due: TestDue | undefined;
  let account: string | undefined;
  let registry: string | undefined;
  let elsewhere: string | undefined;
  let subject: Subject | undefined;
  let places: ((outputs: unknown) => readonly Place[]) | undefined;
  let asked: string | undefined;
  const shown: Record<string, string> = {};
  const timeline: TimelineEntry[] = [];

  const report = (end: Ended<Outputs>): Report => {
    const accounts = account === undefined ? [] : [account, registry, elsewhere, ...accountsIn(shown)];
    const result = (host.verbatim ? (whole: Result) => whole : scrubbed)(
      {
        'schema-version': 1,
        operation: operation.name,
        outcome: end.outcome,
        reason: end.reason,
        because: end.because,
        outputs: wireOutputs(operation.outputs, end.outputs),
        ...withoutUndefined({ plan, findings: end.findings }),
        ...(end.remarks?.length ? { remarks: end.remarks } : {}),
        dryRun,
        startedAt: iso(startedAt),
        endedAt: iso(clock.now()),
      },
      ...accounts,
    );
    // A person's own terminal has it as it is; so has a log.
    const told = host.verbatim
      ? timeline
      : timeline.map((entry) => ({ ...entry, because: withoutAccount(entry.because, ...accounts) }));
    return {
      result,
      inputs: withoutSecrets(shown),
      timeline: withoutSecrets(told),
      ...withoutUndefined({
        token: end.token,
        files: end.files,
        unsettled: end.unsettled,
        url: host.run.url,
        subject,
        endpointKey: key,
        testDue: due,
        places: places?.(end.outputs),
        course: end.course,
      }),
      ...(dryRun && end.outcome === 'succeeded' ? { wouldChange: changes(end, plan) } : {}),
      // As in the result: a comment at GitHub shows them too.
      remarks: withoutSecrets(result.remarks ?? []),
    };
  };

  let outOfTimeAt: Instant = Number.POSITIVE_INFINITY;
  const run = async (): Promise<Report> => {
    try {
      clock = await clockOf(host);
      startedAt = clock.now();
      const github = host.github?.(clock);
      const hostInputs = { ...commonInputs, ...host.hostInputs };
      const schema = { ...operation.inputs, ...hostInputs } as Schema<Inputs & CommonInputs>;
      Object.assign(shown, shownInputs(schema, host.written));
      host.observer.inputs(shown);
      const values = readInputs(schema, host.written, undefined, host.strays);
      const [inputs, common]: [Inputs, CommonInputs] = [only(operation.inputs, values), values];
      dryRun = common['dry-run'];
      due = dueOf(inputs, operation.name);
      subject = subjectOf(inputs, shown['version']);
      const workspace = folder(process.cwd());
      const whole = operation.offline?.(inputs);
      if (whole !== undefined) {
        if (common['resume-token'] !== undefined)
          throw new InputError(
            'resume-token: this run asks nothing of AWS and ends at once, so there is nothing to resume; leave it out',
          );
        host.observer.started(['works without an account: it reads the checkout alone']);
        return report(await offline(whole, { clock, workspace }));
      }
      const target = targetOf(inputs, operation.name);
      registry = target.registry?.account;
      elsewhere = target.elsewhere?.account;
      const deadline = startedAt + seconds(common.timeout);
      outOfTimeAt = deadline;
      const { signal } = host;
      const onWait = (because: string, until: Instant): void =>
        host.observer.progress({
          at: clock.now(),
          percent: 0,
          because: `${withoutAccount(because, account)}; goes on at ${iso(until)}`,
        });
      const waiting: WaitOptions = { clock, deadline, signal, onWait };
      const session = await withinLimit(clock, deadline, signal, (limited) =>
        waitOut({ ...waiting, signal: limited }, () =>
          (host.seams?.openSession ?? openSession)({
            target: { ...target, ...withoutUndefined({ role: host.role || undefined }) },
            env: host.env,
            run: forWork(host.run, operation.name, shownInputs(operation.inputs, host.written)),
            workspace,
            clock,
            dryRun,
            signal: limited,
            ...withoutUndefined({
              identityToken: host.identityToken,
              learned: host.learned,
              early: host.early,
              launch: launching(host, clock),
              commits: host.commits,
              github,
            }),
          }),
        ),
      );
      account = session.account.id;
      key = target.endpoint && endpointKey(session.account, target.endpoint.name);
      const found = target.endpoint && consolePage(session.account, target.endpoint.name);
      const page = found?.includes(account) ? undefined : found;
      if (target.endpoint && 'release' in operation.outputs)
        places = placesIn(session.account, target.endpoint.name, inputs);
      const about = subject && { ...subject, ...withoutUndefined({ endpointPage: page }) };
      subject = about;
      const saw = {
        plan: (seen: Plan) => {
          plan = seen;
          host.observer.plan(seen);
          if (about !== undefined && !dryRun && seen.changes.length > 0) host.observer.begins?.(about);
        },
        progress: (entry: TimelineEntry) => timeline.push(entry),
        findings: ({ findings, because }: Waiting) => {
          const text = JSON.stringify(findings);
          if (findings === undefined || text === asked) return;
          asked = text;
          const { outcome } = reasonCodes['approval-pending'];
          host.observer.shows?.(
            report({ is: 'done', outcome, reason: 'approval-pending', outputs: {}, because, findings }),
          );
        },
      };
      const end = await go({ inputs, common, clock, session, saw, waiting });
      if (end.defect instanceof Error) host.observer.defect(end.defect.stack ?? end.defect.message);
      return report(end);
    } catch (error) {
      // A failure that the cancellation caused counts as the cancellation.
      if (host.signal.aborted) return report(cancelled('the run was cancelled before it wrote anything'));
      if (clock.now() >= outOfTimeAt && (error instanceof Throttled || classify(error) === 'aborted'))
        return report(timedOut(`nothing was begun: ${failureOf(error).because}`));
      return report({ is: 'done', outputs: {}, ...failureOf(error) });
    }
  };
  return { ended: run(), interrupted: (because) => report({ ...cancelled(because), unsettled: true }) };
};

/** A dry run with changes ends as `planned`. Without a plan it would go on with a live release; a manifest without one changes nothing known. */
const changes = ({ reason }: Pick<Ended<unknown>, 'reason'>, plan: Plan | undefined): boolean =>
  reason === 'manifest-planned' ? plan !== undefined : reason === 'planned' && plan?.changes.length !== 0;

const launching = ({ launch, observer }: Host, clock: Clock): SessionRequest['launch'] =>
  launch &&
  ((program, signal) => launch(program, signal, { root: process.cwd(), clock, say: (line) => observer.printed(line) }));

const subjectOf = (inputs: unknown, version: string | undefined): Subject | undefined => {
  const { manifest, environment } = inputs as { readonly manifest?: Manifest; readonly environment?: string };
  if (manifest === undefined || environment === undefined) return undefined;
  return { model: manifest.model, environment, ...withoutUndefined({ version }) };
};

const placesIn =
  (account: Account, endpoint: string, inputs: unknown) =>
  (outputs: unknown): readonly Place[] =>
    placesOf(
      account,
      endpoint,
      inputs as { readonly manifest: Manifest; readonly environment: string },
      (outputs as { readonly release?: string }).release,
    );

const dueOf = (inputs: unknown, operation: OperationName): TestDue | undefined => {
  const { manifest, environment } = inputs as { readonly manifest?: Manifest; readonly environment?: string };
  if (manifest === undefined || environment === undefined || operation === 'rollback') return undefined;
  return testDue(manifest, environment);
};

/**
 * Legs of a matrix, two terminals of one person, two actions with one project and commit: their inputs distinguish them. A re-run has the
 * same inputs and is the same holder.
 */
const forWork = (run: Run, operation: OperationName, shown: Readonly<Record<string, string>>): Run => ({
  ...run,
  holder: `${run.holder}/${operation}/${digest(shown).slice(0, 8)}`,
});

const cancelled = (because: string) =>
  ({ is: 'done', outcome: 'cancelled', reason: 'cancelled', outputs: {}, because }) as const;

const timedOut = (because: string) =>
  ({ is: 'done', outcome: 'timed-out', reason: 'deadline-passed', outputs: {}, because }) as const;

const driveToEnd = <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  host: Host,
  { inputs, common, clock, session, saw, waiting }: Started<Inputs>,
): Promise<Ended<Outputs>> => {
  const { deadline, onWait } = waiting;
  const { region, id } = session.account;
  host.observer.started([
    `works in account ${id}, region ${region}${common['dry-run'] ? '; dry run: writes nothing' : ''}`,
  ]);
  const isNews = newsFilter();
  let saidLimit = common['dry-run'];
  let kept: string | undefined;
  return drive(operation, inputs, session.worldFor, {
    deadline,
    dryRun: common['dry-run'],
    wait: common.wait,
    ...(common['resume-token'] === undefined ? {} : { token: common['resume-token'] }),
    signal: host.signal,
    onPlan: async (plan) => {
      saw.plan(plan);
      if (!common['dry-run']) await waitOut(waiting, () => session.refuseShortCredentials(plan));
    },
    ...withoutUndefined({ onWait }),
    onProgress: (turn, token) => {
      const { percent, because, notBefore } = turn;
      // Most runs end at once, and have no use for their limit.
      if (!saidLimit && notBefore > clock.now()) {
        saidLimit = true;
        host.observer.started([
          `waits until ${iso(deadline)} (UTC)${common.wait ? '' : ', but only as long as there is something to do'}`,
        ]);
      }
      saw.findings(turn);
      host.observer.waits?.(turn, clock, deadline);
      if (token !== kept) host.observer.keep(token);
      kept = token;
      const entry = { at: clock.now(), percent, because };
      const news = isNews(entry);
      if (news) host.observer.progress(entry);
      if (news === 'change') saw.progress(entry);
    },
  });
};

/** An operation gets its own inputs and no others: its plan digest may cover all of them. */
export const only = <Inputs>(schema: Schema<Inputs>, values: Inputs): Inputs =>
  Object.fromEntries(Object.entries(values as object).filter(([key]) => key in schema)) as Inputs;

const shownInputs = <Values>(
  schema: Parameters<typeof fieldsOf<Values>>[0],
  written: Written,
): Record<string, string> =>
  Object.fromEntries(
    fieldsOf(schema).flatMap(([name, field]) => {
      const value = written(name) || field.default;
      return value === undefined ? [] : [[name, field.shown?.(value) ?? value]];
    }),
  );

/**
 * Only declared outputs leave an operation; an output without a value is left out. A workflow may print a value, so each is one plain
 * line.
 */
export const wireOutputs = <Outputs>(
  declared: OutputSchema<Outputs>,
  outputs: Partial<Outputs>,
): Record<string, string> =>
  Object.fromEntries(
    Object.keys(declared).flatMap((key) => {
      const value = (outputs as Readonly<Record<string, unknown>>)[key];
      return value === undefined ? [] : [[wireName(key), withoutCommands(oneLine(String(value)))]];
    }),
  );
