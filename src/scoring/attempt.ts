import { isPath, requirePath } from '../answers/selector.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { withNotices } from '../notify/planned.ts';
import type { Plan } from '../operation.ts';
import { LostRace } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { requestOf } from './ask-piece.ts';
import { contentOf } from './candidate-up.ts';
import { requireUsable } from './check-golden-set.ts';
import { notesOfChecks, requireChecks } from './checks/checks.ts';
import { rulesAlone } from './decide.ts';
import { hasColumn } from './golden-set.ts';
import { jobsOf, nameOf } from './jobs.ts';
import { labelNotes } from './label-lock.ts';
import { planOf } from './plan.ts';
import { type RegressionTestMemory, type Turn, waiting } from './progress.ts';
import type { Site } from './site.ts';
import { isAsked, type Standing } from './standing.ts';
import { longestTest, sweepOne, unswept } from './temporary.ts';
import { runningAttempt, type StoredTest, type Verdict, writeTest } from './test-record.ts';
import { requireLine, requireLineType } from './transform.ts';

/** A verdict ends the run when it is of this run's attempt, or a pass that still counts. */
export const counts = (
  verdict: Verdict,
  memory: RegressionTestMemory | undefined,
  again: boolean,
  { clock }: World,
): boolean =>
  memory?.attempt === undefined
    ? !again && verdict.verdict === 'pass' && verdict.validUntil > clock.now()
    : verdict.attempt >= memory.attempt;

/** The pass of this run's attempt counts no more: the run was resumed too late. */
export const isTooLate = (
  { verdict, attempt, validUntil }: Verdict,
  memory: RegressionTestMemory | undefined,
  { clock }: World,
): boolean =>
  memory?.attempt !== undefined && attempt >= memory.attempt && verdict === 'pass' && validUntil <= clock.now();

/** The attempt of this run: one that runs already and is young enough, unless a new one is wanted, or the next one. */
const attemptOf = (
  stored: StoredTest | undefined,
  { clock }: World,
  again: boolean,
): { readonly attempt: number; readonly goesOn: boolean } => {
  const running = stored && runningAttempt(stored.record);
  if (!again && stored !== undefined && running !== undefined && clock.now() < stored.record.begunAt + longestTest)
    return { attempt: running, goesOn: true };
  return { attempt: (stored?.record.attempt ?? 0) + 1, goesOn: false };
};

/** A model is made for the test alone. */
const makesModel = ({ candidate }: Standing): boolean => candidate === undefined || candidate.is === 'transform';

export const plan = async (at: Standing): Promise<Turn> => {
  const { stored } = at;
  await requireRows(at);
  requireChecks(at);
  for (const [number, { set }] of at.parts.entries())
    await requireUsable(number === 0 ? at.regression : rulesAlone(at.regression), set.file);
  const labels = await labelNotes(at);
  const { attempt, goesOn } = attemptOf(stored, at.world, at.given.again);
  const wanted = makesModel(at) ? await contentOf(at) : undefined;
  const [variant] = wanted?.config.ProductionVariants ?? [];
  const planned: Plan = planOf({
    ...at,
    environment: at.given.environment,
    attempt,
    goesOn,
    labels,
    jobs: jobsOf(at, attempt),
    checks: await notesOfChecks(at),
    ...withoutUndefined({
      before: stored?.record.verdict,
      temporary: wanted && {
        is: at.candidate?.is === 'transform' ? ('model' as const) : ('endpoint' as const),
        name: nameOf(at, attempt),
        hardware: variant?.InstanceType ?? 'serverless',
        isInstance: variant?.InstanceType !== undefined,
        passesRole: wanted.model.ExecutionRoleArn !== undefined,
      },
    }),
  });
  const { sinks = [] } = notifyTermsOf(at.given) ?? {};
  return waiting(at, { percent: 1, because: planned.title, plan: withNotices(planned, sinks, ['verdict']) });
};

/** Before anything is made for it, every selector must be one, and every row must make a request. @throws {InputError} */
const requireRows = async (at: Standing): Promise<void> => {
  const { golden, regression } = at;
  const { request, response } = regression.asking;
  if (golden === undefined || request === undefined) return;
  for (const key of ['prediction', 'score'] as const) {
    const selector = response?.[key];
    if (typeof selector === 'string') requirePath(selector, `regression.response.${key}`);
  }
  const { input } = request;
  // A column may have the form of a path.
  if (typeof input === 'string' && isPath(input) && !(await hasColumn(golden, input)))
    requirePath(input, 'regression.request.input');
  const isTransformed = [at.candidate, at.baseline].some((site) => site?.is === 'transform');
  if (isTransformed) requireLineType(request);
  let bytes = 0;
  for await (const rows of golden.batches())
    for (const row of rows) {
      if (isAsked(at)) requestOf(row, request);
      if (isTransformed) bytes += requireLine(row, request, bytes);
    }
};

/**
 * Clears away leftovers of earlier tests, then begins the attempt in its record.
 * @returns the turn that did so; or the test in its attempt, which was begun before
 */
export const begun = async (at: Standing): Promise<Turn | Standing> => {
  const { world, memory, stored } = at;
  if (memory.attempt !== undefined) return at;
  const { attempt, goesOn } = attemptOf(stored, world, at.given.again);
  const name = makesModel(at) ? nameOf(at, attempt) : undefined;
  const jobs = jobsOf(at, attempt).map((job) => job.name);
  const next = {
    ...memory,
    attempt,
    ...(jobs.length > 0 ? { jobs } : {}),
    ...withoutUndefined({ temporary: name, candidate: contentMark(at.candidate) }),
  };
  if (goesOn) return { ...at, memory: next };
  // A token is text of any writer: one may claim that the plan was made.
  await labelNotes(at);
  const remarks: string[] = [];
  if (name !== undefined) {
    const swept = await sweepOne(world, at.subject.endpoint, name).catch((error: unknown) => {
      remarks.push(unswept(error));
      return undefined;
    });
    if (swept !== undefined) return waiting(at, { percent: 1, ...swept, remarks });
  }
  const { verdict } = stored?.record ?? {};
  const record = {
    schemaVersion: 1 as const,
    subject: at.subject,
    attempt,
    begunAt: world.clock.now(),
    ...withoutUndefined({ verdict }),
  };
  try {
    await writeTest(world, at.releases, record, stored?.etag);
  } catch (error) {
    if (!(error instanceof LostRace)) throw error;
    return waiting(at, { percent: 1, because: `${error.message}; reading it again`, remarks });
  }
  return waiting({ ...at, memory: next }, { percent: 2, because: `began attempt ${attempt}`, remarks });
};

export const contentMark = (site: Site | undefined): string | undefined =>
  site?.is === 'endpoint' ? site.content.slice(0, 12) : undefined;
