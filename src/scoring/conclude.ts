import { type Instant, iso } from '../clock.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { announceVerdict } from '../notify/tested.ts';
import { Refusal } from '../operation.ts';
import { type ReasonCode, reason } from '../reason-codes.ts';
import { endOfDay } from '../regression/golden/expiry.ts';
import { LostRace } from '../release/store.ts';
import { evaluationJson } from '../report/regression/evaluation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { answeringOf } from './answering.ts';
import { keptChecks } from './checks/checks.ts';
import { goldenMark } from './checks/earlier-versions.ts';
import { decide } from './decide.ts';
import { keepEnded, packageMark } from './ended-tests.ts';
import { findingsOf, keepFindings } from './kept-findings.ts';
import { isServing, labelledSets } from './label-lock.ts';
import { keepLabels, mostLabels } from './labels.ts';
import { nameInMetadata, nameLater } from './name-in-metadata.ts';
import { type Turn, waiting } from './progress.ts';
import { repeatedWarnings } from './repeated.ts';
import type { Standing } from './standing.ts';
import { type Verdict, writeTest } from './test-record.ts';

export const conclude = async (at: Standing): Promise<Turn> => {
  const { stored } = at;
  const { world, registered, memory, regression } = at;
  const { attempt = 1 } = memory;
  if (stored === undefined)
    throw new Refusal('record-unavailable', 'the record of this test was deleted while it ran: run it again');
  const decided = await decide(world, {
    ...answeringOf(at),
    names: { candidate: registered.tag, ...withoutUndefined({ baseline: at.baseline?.name }) },
    checks: await keptChecks(at),
  });
  const warnings = decided.findings.repeated ? repeatedWarnings(decided.findings.repeated) : [];
  const now = world.clock.now();
  const { findings } = decided;
  const verdict: Verdict = {
    attempt,
    verdict: findings.verdict,
    because: findings.because,
    decidedAt: now,
    validUntil: Math.min(now + regression.asking.validForSeconds * 1000, endOfGoldenSet(regression)),
    version: registered.version,
    rows: findings.rows.compared + (findings.also ?? []).reduce((sum, { rows }) => sum + rows.compared, 0),
    run: withoutUndefined({ url: world.run.url, actor: world.run.actor, commit: world.run.commit }),
  };
  const evaluation = evaluationJson(findings, decided.quality, now);
  const remarks = [
    ...(await keepLabelsOf(at, attempt)),
    ...(await keepFindings(world, at.folder, attempt, findings, evaluation)),
  ];
  // Before the verdict: a run that is killed between the two writes both again, and a verdict without its entry would lock nothing.
  await keepEnded(world, at.releases, at.subject, {
    ...{ verdict: findings.verdict, ofServing: isServing(at), attempt, decidedAt: now },
    ...{ tag: registered.tag, version: registered.version, package: packageMark(registered.arn) },
    golden: goldenMark(at),
  });
  try {
    await writeTest(world, at.releases, { ...stored.record, verdict }, stored.etag);
  } catch (error) {
    if (!(error instanceof LostRace)) throw error;
    return waiting(at, { percent: 95, because: `${error.message}; reading it again` });
  }
  const named = await nameInMetadata(world, namedBy(at), verdict);
  const turn = verdictTurn(at, verdict);
  const untold = await announceVerdict(world, notifyTermsOf(at.given), {
    ...{ registered, record: at.record, id: at.id, attempt },
    ...withoutUndefined({ endpoint: at.environment?.endpoint.name }),
    ...{ verdict: verdict.verdict, because: verdict.because, outcome: turn.outcome, reason: turn.reason },
  });
  return {
    ...turn,
    findings,
    files: { evaluation },
    remarks: [...warnings, ...remarks, ...named, ...untold],
  };
};

/** For the lock of the next version. @returns a remark where there are too many */
const keepLabelsOf = async (at: Standing, attempt: number): Promise<readonly string[]> => {
  const { world, folder, regression } = at;
  return (await keepLabels(world, folder, attempt, regression.task, await labelledSets(at)))
    ? []
    : [
        `labels of more than ${mostLabels} rows are not kept: whether they change with the next version will not be known`,
      ];
};

const namedBy = ({ given, registered }: Standing) => ({
  model: given.manifest.model,
  environment: given.environment,
  registered,
});

/** After its last day a golden set proves nothing. */
const endOfGoldenSet = ({ datasetExpires }: Pick<RegressionSpec, 'datasetExpires'>): Instant =>
  datasetExpires === undefined ? Number.POSITIVE_INFINITY : endOfDay(datasetExpires);

const reasonOf = {
  pass: 'regression-passed',
  fail: 'regression-failed',
  inconclusive: 'regression-inconclusive',
} as const satisfies Readonly<Record<Verdict['verdict'], ReasonCode>>;

/** The end of a run whose verdict stands already, by an earlier run or by one beside it. */
export const told = async (at: Standing, verdict: Verdict): Promise<Turn> => {
  const { findings, evaluation, remarks } = await findingsOf(at.world, at.folder, verdict);
  const all = [...remarks, ...(await nameLater(at.world, namedBy(at), verdict))];
  return {
    ...verdictTurn(at, verdict),
    ...withoutUndefined({ findings, files: evaluation === undefined ? undefined : { evaluation } }),
    ...(all.length > 0 ? { remarks: all } : {}),
  };
};

const verdictTurn = ({ registered, memory, folder }: Standing, verdict: Verdict): Extract<Turn, { is: 'done' }> => {
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
      answers: `${folder.prefix}${verdict.attempt}/`,
      ...(verdict.verdict === 'pass' ? { 'valid-until': iso(verdict.validUntil) } : {}),
    },
    because: earlier
      ? `${registered.tag} passed at ${iso(verdict.decidedAt)}, which counts until ${iso(verdict.validUntil)}: ${verdict.because}`
      : verdict.because,
  };
};
