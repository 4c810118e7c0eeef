import { AnswerLost, Throttled } from '../aws/retry.ts';
import { iso } from '../clock.ts';
import type { Desired } from '../endpoint/desired.ts';
import { type Look, lookAt } from '../endpoint/look.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Environment, S3Location } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import {
  type Memory,
  type Operation,
  type Plan,
  type Progress,
  Refusal,
  type Remarks,
  reasonOfAbort,
} from '../operation.ts';
import { type ReasonCode, reason } from '../reason-codes.ts';
import { requireRequested } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { editFault } from '../registry/verify-content.ts';
import { canFailAlone, cannotFailAlone } from '../regression/alone.ts';
import { newRecord } from '../release/lifecycle.ts';
import { releasesOf } from '../release/location.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { LostRace, storeFor } from '../release/store.ts';
import { failureOf } from '../report/failure.ts';
import { flag, InputError, type OutputSchema, type ValuesOf } from '../schema.ts';
import { keptPieces, piecesOf } from '../scoring/answers.ts';
import { decide } from '../scoring/decide.ts';
import { baselineSite, candidateSite } from '../scoring/find-sites.ts';
import { bytesDigest, type GoldenSet, goldenSet, readRowsFile } from '../scoring/golden-set.ts';
import { keepEvaluation } from '../scoring/keep-evaluation.ts';
import { nameInMetadata } from '../scoring/name-in-metadata.ts';
import { planOf } from '../scoring/plan.ts';
import { score } from '../scoring/score.ts';
import { servedIn } from '../scoring/served.ts';
import type { Site } from '../scoring/site.ts';
import { packageContent, policyDigest, type Subject, subjectId } from '../scoring/subject.ts';
import {
  ensureTemporary,
  longestTest,
  removeTemporary,
  sweepOne,
  temporaryName,
  underName,
  unswept,
} from '../scoring/temporary.ts';
import { temporaryContent } from '../scoring/temporary-content.ts';
import {
  readTest,
  runningAttempt,
  type StoredTest,
  testFolder,
  type Verdict,
  writeTest,
} from '../scoring/test-record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';

const inputs = {
  ...sharedInputs,
  version: versionInput('test'),
  again: flag({ description: 'Test again although a passing verdict still counts.', default: false }),
};
export type RegressionTestInputs = ValuesOf<typeof inputs>;

export interface RegressionTestOutputs {
  readonly version: string;
  readonly tag: string;
  readonly 'model-package-version': string;
  readonly verdict: string;
  readonly attempt: string;
  readonly rows: string;
  readonly 'valid-until': string;
}

const outputs: OutputSchema<RegressionTestOutputs> = {
  version: { description: 'Semantic version; `package-7` for a package without one.', example: '1.4.0' },
  tag: { description: 'Name of the version, also as a git tag.', example: 'churn_v1.4.0' },
  'model-package-version': { description: 'Number of the package in its model package group.', example: '7' },
  verdict: { description: '`pass`, `fail` or `inconclusive`.', example: 'pass' },
  attempt: {
    description: 'Number of the attempt with the same package, golden set, rules and baseline.',
    example: '1',
  },
  rows: { description: 'Rows that were compared.', example: '1797' },
  'valid-until': { description: 'A pass lets a delivery begin until then.', example: '2026-01-12T10:00:00Z' },
};

/** All that a turn would read again anyway; the answers are in S3. */
export interface RegressionTestMemory extends Memory {
  /** Id of the subject with which the test began: another one means that something changed meanwhile. */
  readonly of: string;
  /** Absent until the attempt is in its record. */
  readonly attempt?: number;
  /** Of a temporary endpoint, to be removed. */
  readonly temporary?: string;
  /** First digits of the digest of the content that answers for the candidate. */
  readonly candidate?: string;
  /** Turns in which rows had no answer. */
  readonly tries?: number;
  /** The test ends like this as soon as the temporary endpoint is gone. */
  readonly ends?: { readonly reason: ReasonCode; readonly because: string };
}

type Turn = Progress<RegressionTestMemory, RegressionTestOutputs>;

export const regressionTest: Operation<RegressionTestInputs, RegressionTestMemory, RegressionTestOutputs> = {
  name: 'regression-test',
  description:
    'Lets a new model version and the one that serves answer the same golden rows, and decides with statistical confidence whether it is worse.',
  inputs,
  outputs,

  async advance(given, memory, world) {
    if (memory?.ends) return endWithoutVerdict(world, memory, memory.ends);
    try {
      return await nextTurn(given, memory, world);
    } catch (error) {
      // Nothing that costs money is left behind by a test that cannot go on.
      if (memory?.temporary === undefined || isPassing(error) || world.signal.aborted) throw error;
      const { reason: code, because } = failureOf(error);
      return endWithoutVerdict(world, memory, { reason: code, because });
    }
  },
  async abort(_inputs, memory, why, world) {
    const name = why === 'handed-over' ? undefined : memory?.temporary;
    if (memory !== undefined && name !== undefined && world.write !== undefined)
      for (;;) {
        const step = await removeTemporary(world, name);
        if (step === undefined) break;
        if (step.notBefore !== undefined)
          return {
            is: 'waiting',
            memory,
            notBefore: step.notBefore,
            percent: 90,
            because: `${step.because}; it is removed when that has ended`,
          };
      }
    return {
      is: 'done',
      outcome: reason(reasonOfAbort[why]).outcome,
      reason: reasonOfAbort[why],
      outputs: {},
      because: 'no verdict yet; the answers so far are kept, and the next run goes on with them',
    };
  },
};

const nextTurn = async (
  given: RegressionTestInputs,
  memory: RegressionTestMemory | undefined,
  world: World,
): Promise<Turn> => {
  const at = await standing(given, memory, world);
  if (memory !== undefined && memory.of !== at.id)
    return endWithoutVerdict(world, memory, {
      reason: 'regression-disturbed',
      because: 'the version that serves, the package, the golden set or the rules changed while the test ran',
    });
  const stored = await readTest(world, at.releases, at.subject);
  const verdict = stored?.record.verdict;
  if (verdict !== undefined && counts(verdict, memory, given.again, world))
    return (await cleared(at)) ?? told(at, verdict);
  if (memory === undefined) return plan(at, stored);
  if (memory.candidate !== undefined && memory.candidate !== contentMark(at.candidate))
    return endWithoutVerdict(world, memory, {
      reason: 'regression-disturbed',
      because: `${at.candidate?.name ?? 'the candidate'} changed while the test ran`,
    });
  return (await begun(at, stored)) ?? (await asked(at)) ?? (await cleared(at)) ?? conclude(at, stored);
};

/** Another turn may cure it. */
const isPassing = (error: unknown): boolean => error instanceof Throttled || error instanceof AnswerLost;

/** Everything that one turn knows. */
interface Standing {
  readonly world: World;
  readonly given: RegressionTestInputs;
  readonly memory: RegressionTestMemory;
  readonly environment: Environment;
  readonly regression: RegressionSpec;
  readonly registered: RegisteredVersion;
  readonly record: ReleaseRecord;
  readonly look: Look | undefined;
  readonly golden?: GoldenSet;
  /** Undefined for a temporary endpoint. */
  readonly candidate: Site | undefined;
  /** Undefined when nothing serves. */
  readonly baseline: Site | undefined;
  readonly subject: Subject;
  readonly id: string;
  readonly releases: S3Location;
  readonly folder: S3Location;
}

const standing = async (
  given: RegressionTestInputs,
  memory: RegressionTestMemory | undefined,
  world: World,
): Promise<Standing> => {
  const { manifest } = given;
  const environment = environmentOf(manifest, given.environment);
  const { regression } = manifest;
  if (regression === undefined)
    throw new InputError(
      'manifest: has no `regression:`; it says which golden rows are asked, and which rules decide (docs/regression.md)',
    );
  const registered = await requireRequested(world, manifest.model, given.version);
  const edited = editFault(registered);
  if (edited !== undefined) throw new Refusal(edited.reason, edited.because);
  const record = (await storeFor(given, world).read())?.record;
  if (record?.live !== undefined)
    throw new Refusal(
      'held-by-another-release',
      `release ${record.live.id} is under way on endpoint ${environment.endpoint.name}: the version that serves may change, so test before it begins or after it has ended`,
    );
  const look = await lookAt(world, environment.endpoint.name);
  const request = { manifest, environment: given.environment, regression, registered, look };
  const baseline = await baselineSite(world, request);
  if (baseline === undefined && !canFailAlone(regression))
    throw new Refusal('regression-inconclusive', `this gate cannot fail: ${cannotFailAlone(regression.task)}`);
  const candidate = await candidateSite(world, request);
  const file = regression.dataset === undefined ? undefined : await readRowsFile(world, regression.dataset);
  const golden = file && (await goldenSet(file, regression));
  if (golden === undefined && (candidate?.is !== 'file' || baseline?.is === 'endpoint'))
    throw new InputError('regression.dataset: is missing; models are asked with its rows');
  if (
    (candidate?.is !== 'file' || baseline?.is === 'endpoint') &&
    (regression.asking.request === undefined || regression.asking.response === undefined)
  )
    throw new InputError('regression.request: is missing; it says how a golden row becomes a request');
  const subject: Subject = {
    endpoint: environment.endpoint.name,
    package: packageContent(registered),
    dataset: file === undefined ? 'none' : bytesDigest(file),
    policy: policyDigest(regression),
    baseline: servedIn(look)?.content ?? 'none',
  };
  const releases = releasesOf(environment, world.account);
  const id = subjectId(subject);
  return {
    world,
    given,
    memory: memory ?? { v: 1, of: id },
    environment,
    regression,
    registered,
    record:
      record ??
      newRecord({ endpoint: environment.endpoint.name, account: world.account.id, region: world.account.region }),
    look,
    candidate,
    baseline,
    subject,
    id,
    releases,
    folder: testFolder(releases, subject),
    ...withoutUndefined({ golden }),
  };
};

/** A verdict ends the run when it is of this run's attempt, or a pass that still counts. */
const counts = (
  verdict: Verdict,
  memory: RegressionTestMemory | undefined,
  again: boolean,
  { clock }: World,
): boolean =>
  memory?.attempt === undefined
    ? !again && verdict.verdict === 'pass' && verdict.validUntil > clock.now()
    : verdict.attempt >= memory.attempt;

/** The attempt of this run: one that runs already and is young enough, or the next one. */
const attemptOf = (
  stored: StoredTest | undefined,
  { clock }: World,
): { readonly attempt: number; readonly goesOn: boolean } => {
  const running = stored && runningAttempt(stored.record);
  if (stored !== undefined && running !== undefined && clock.now() < stored.record.begunAt + longestTest)
    return { attempt: running, goesOn: true };
  return { attempt: (stored?.record.attempt ?? 0) + 1, goesOn: false };
};

const nameOf = ({ environment, id }: Standing, attempt: number): string =>
  temporaryName(environment.endpoint.name, { of: id, attempt });

const isTemporary = ({ regression }: Standing): boolean => regression.asking.candidate.is === 'temporary';

const contentOf = (at: Standing): Promise<Desired> => {
  const { candidate } = at.regression.asking;
  return temporaryContent(at.world, {
    model: at.given.manifest.model,
    environment: at.environment,
    registered: at.registered,
    look: at.look,
    record: at.record,
    ...withoutUndefined({ instance: candidate.is === 'temporary' ? candidate.instance : undefined }),
  });
};

const plan = async (at: Standing, stored: StoredTest | undefined): Promise<Turn> => {
  const { attempt, goesOn } = attemptOf(stored, at.world);
  const wanted = isTemporary(at) ? await contentOf(at) : undefined;
  const [variant] = wanted?.config.ProductionVariants ?? [];
  const planned: Plan = planOf({
    ...at,
    environment: at.given.environment,
    attempt,
    goesOn,
    ...withoutUndefined({
      before: stored?.record.verdict,
      temporary: wanted && {
        name: nameOf(at, attempt),
        hardware: variant?.InstanceType ?? 'serverless',
        isInstance: variant?.InstanceType !== undefined,
        passesRole: wanted.model.ExecutionRoleArn !== undefined,
      },
    }),
  });
  return waiting(at, { percent: 1, because: planned.title, plan: planned });
};

/** Clears away leftovers of earlier tests, then begins the attempt in its record, or joins it. */
const begun = async (at: Standing, stored: StoredTest | undefined): Promise<Turn | undefined> => {
  const { world, memory } = at;
  if (memory.attempt !== undefined) return undefined;
  const { attempt, goesOn } = attemptOf(stored, world);
  const name = isTemporary(at) ? nameOf(at, attempt) : undefined;
  const remarks: string[] = [];
  if (name !== undefined) {
    const swept = await sweepOne(world, at.environment.endpoint.name, name).catch((error: unknown) => {
      remarks.push(unswept(error));
      return undefined;
    });
    if (swept !== undefined) return waiting(at, { percent: 1, because: swept, remarks });
  }
  const next = { ...memory, attempt, ...withoutUndefined({ temporary: name, candidate: contentMark(at.candidate) }) };
  if (!goesOn) {
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
  }
  return waiting(
    { ...at, memory: next },
    { percent: 2, because: `${goesOn ? 'goes on with' : 'began'} attempt ${attempt}`, remarks },
  );
};

const contentMark = (site: Site | undefined): string | undefined =>
  site?.is === 'endpoint' ? site.content.slice(0, 12) : undefined;

/** Asks for rows until none is left. */
const asked = async (at: Standing): Promise<Turn | undefined> => {
  const { world, golden, memory, folder } = at;
  const { attempt = 1 } = memory;
  if (golden === undefined || (at.candidate?.is === 'file' && at.baseline?.is !== 'endpoint')) return undefined;
  const kept = await keptPieces(world, folder, attempt);
  if (kept.size >= piecesOf(golden.rows.length)) return undefined;
  let site = at.candidate;
  if (memory.temporary !== undefined) {
    const state = await ensureTemporary(world, underName(await contentOf(at), memory.temporary, untilOf(at)));
    if (state.is === 'working') return waiting(at, { percent: 10, ...state });
    if (state.is === 'failed')
      return endWithoutVerdict(world, memory, { reason: 'creation-failed', because: state.because });
    site = state.site;
  }
  if (site === undefined) throw new Error('the candidate has no place where it answers');
  const {
    kept: done,
    pieces,
    again,
  } = await score(world, {
    ...at,
    golden,
    candidate: site,
    attempt,
    kept,
    tries: memory.tries ?? 0,
  });
  const tries = again ? (memory.tries ?? 0) + 1 : undefined;
  const { tries: _, ...rest } = memory;
  return waiting(
    { ...at, memory: { ...rest, ...withoutUndefined({ tries }) } },
    {
      percent: 20 + Math.floor((70 * done) / pieces),
      because: `${Math.min(done * 100, golden.rows.length)} of ${golden.rows.length} rows are answered${again ? '; some requests got no answer, and are sent again' : ''}`,
      ...(again ? { notBefore: world.clock.now() + 30_000 } : {}),
    },
  );
};

/** The tag's time: a run that goes on with an attempt has the same one, because the sweep of others must not depend on it. */
const untilOf = ({ world }: Standing): number => world.clock.now() + longestTest;

/** Removes the temporary endpoint, when every answer is there. */
const cleared = async (at: Standing): Promise<Turn | undefined> => {
  const { world, memory } = at;
  if (memory.temporary === undefined || world.write === undefined) return undefined;
  const step = await removeTemporary(world, memory.temporary);
  return step && waiting(at, { percent: 92, ...step });
};

const conclude = async (at: Standing, stored: StoredTest | undefined): Promise<Turn> => {
  const { world, given, registered, memory, regression } = at;
  const { attempt = 1 } = memory;
  if (stored === undefined)
    throw new Refusal('record-unavailable', 'the record of this test was deleted while it ran: run it again');
  const decided = await decide(world, {
    ...at,
    candidate: at.candidate ?? { is: 'endpoint', name: registered.tag, endpoint: '', content: '' },
    names: { candidate: registered.tag, ...withoutUndefined({ baseline: at.baseline?.name }) },
    attempt,
  });
  const now = world.clock.now();
  const { comparison } = decided;
  const verdict: Verdict = {
    attempt,
    verdict: comparison.verdict,
    because: comparison.because,
    decidedAt: now,
    validUntil: now + regression.asking.validForSeconds * 1000,
    version: registered.version,
    rows: comparison.rows.compared,
    run: withoutUndefined({ url: world.run.url, actor: world.run.actor, commit: world.run.commit }),
  };
  const remarks = await keepEvaluation(world, at.folder, attempt, decided, now);
  try {
    await writeTest(world, at.releases, { ...stored.record, verdict }, stored.etag);
  } catch (error) {
    if (!(error instanceof LostRace)) throw error;
    return waiting(at, { percent: 95, because: `${error.message}; reading it again` });
  }
  const named = await nameInMetadata(world, given.manifest.model, given.environment, registered, verdict);
  return { ...told(at, verdict), findings: decided.findings, remarks: [...remarks, ...named] };
};

const reasonOf = {
  pass: 'regression-passed',
  fail: 'regression-failed',
  inconclusive: 'regression-inconclusive',
} as const satisfies Readonly<Record<Verdict['verdict'], ReasonCode>>;

const told = ({ registered, memory }: Standing, verdict: Verdict): Extract<Turn, { is: 'done' }> => {
  const code = reasonOf[verdict.verdict];
  const earlier = memory.attempt === undefined;
  return {
    is: 'done',
    outcome: reason(code).outcome,
    reason: code,
    outputs: {
      version: registered.version,
      tag: registered.tag,
      'model-package-version': String(registered.packageVersion),
      verdict: verdict.verdict,
      attempt: String(verdict.attempt),
      rows: String(verdict.rows),
      ...(verdict.verdict === 'pass' ? { 'valid-until': iso(verdict.validUntil) } : {}),
    },
    because: earlier
      ? `${registered.tag} passed at ${iso(verdict.decidedAt)}, which counts until ${iso(verdict.validUntil)}: ${verdict.because}`
      : verdict.because,
  };
};

/** Nothing is left behind, and no verdict is written. */
const endWithoutVerdict = async (
  world: World,
  memory: RegressionTestMemory,
  ends: NonNullable<RegressionTestMemory['ends']>,
): Promise<Turn> => {
  const step = memory.temporary === undefined ? undefined : await removeTemporary(world, memory.temporary);
  if (step !== undefined)
    return {
      is: 'waiting',
      memory: { ...memory, ends: { ...ends, because: ends.because.slice(0, 500) } },
      notBefore: world.clock.now(),
      percent: 92,
      ...step,
    };
  return { is: 'done', outcome: reason(ends.reason).outcome, reason: ends.reason, outputs: {}, because: ends.because };
};

interface Step {
  readonly percent: number;
  readonly because: string;
  readonly notBefore?: number;
  readonly plan?: Plan;
  readonly remarks?: Remarks;
}

const waiting = ({ world, memory }: Standing, { percent, because, notBefore, plan, remarks }: Step): Turn => ({
  is: 'waiting',
  memory,
  percent,
  because,
  notBefore: notBefore ?? world.clock.now(),
  ...withoutUndefined({ plan, remarks }),
});
