import type { Manifest } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import type { Near, Progress } from '../operation.ts';
import { type ReasonCode, reason } from '../reason-codes.ts';
import { regressionFindings } from '../regression/findings.ts';
import { modelQualityOf } from '../regression/model-quality.ts';
import { compareFiles, isRemote } from '../regression/scoring/compare-scored.ts';
import { RowsError } from '../regression/scoring/rows-error.ts';
import { evaluationJson } from '../report/regression/evaluation.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { goldenSource } from './decide.ts';
import { sourceOf } from './golden-set.ts';
import type { RegressionTestMemory, RegressionTestOutputs } from './progress.ts';
import { readLocalRows } from './rows-file.ts';

/** The inputs of a test of files: no version has to be registered for it. */
export interface OfflineGiven {
  readonly manifest: Manifest;
  readonly predictions: string;
  readonly baselinePredictions?: string;
}

type Done = Extract<Progress<RegressionTestMemory, RegressionTestOutputs>, { is: 'done' }>;

const reasonOf = {
  pass: 'predictions-passed',
  fail: 'regression-failed',
  inconclusive: 'regression-inconclusive',
} as const satisfies Readonly<Record<string, ReasonCode>>;

/**
 * The verdict on files of predictions by the rules of the manifest. It reads the checkout alone and keeps nothing, so no delivery can begin
 * by it.
 * @throws {InputError} where a file cannot be read, or rows and rules do not fit
 */
export const offlineTest = async (
  { manifest: { regression }, predictions, baselinePredictions }: OfflineGiven,
  { clock, workspace }: Near,
): Promise<Done> => {
  if (regression === undefined)
    throw new InputError('manifest: has no `regression:`; its rules decide about the predictions (docs/regression.md)');
  const { dataset } = regression;
  const read = (name: string, input: string) => readLocalRows(workspace, name, input);
  const candidate = await read(predictions, 'predictions');
  const baseline = baselinePredictions && (await read(baselinePredictions, 'baseline-predictions'));
  const golden = dataset === undefined || isRemote(dataset) ? undefined : await read(dataset, 'regression.dataset');
  const names = { candidate: predictions, ...withoutUndefined({ baseline: baselinePredictions }) };
  const now = clock.now();
  const { scored, comparison, unchecked } = await named(() =>
    compareFiles(
      regression,
      {
        ...goldenSource(regression, golden && { set: { file: golden } }),
        candidate: sourceOf(candidate),
        ...(baseline ? { baseline: sourceOf(baseline) } : {}),
      },
      names,
      now,
    ),
  );
  // Its result is an output, a log and a comment, which hold no row of a dataset (DESIGN §7 rule 16).
  const findings = regressionFindings(comparison, scored, { ...names, redacted: true });
  const code = reasonOf[findings.verdict];
  return {
    is: 'done',
    outcome: reason(code).outcome,
    reason: code,
    outputs: { verdict: findings.verdict, rows: String(findings.rows.compared) },
    because: findings.because,
    findings,
    files: { evaluation: evaluationJson(findings, modelQualityOf(scored.rows), now) },
    remarks: [onlyShown, ...(unchecked === undefined ? [] : [unchecked]), ...leftOut(regression)],
  };
};

const onlyShown =
  'This verdict is about files of predictions and is only shown: before a delivery, regression-test asks the registered version.';

/** The parts of `regression:` that need a model or the registry. */
const leftOut = ({ asking }: RegressionSpec): readonly string[] => {
  const parts = [
    ...(asking.also.length > 0 ? ['also'] : []),
    ...(asking.load === undefined ? [] : ['load']),
    ...(asking.command === undefined ? [] : ['command']),
    ...(asking.contract === undefined ? [] : ['contract']),
    ...(asking.bias === undefined ? [] : ['bias']),
    ...(asking.attribution === undefined ? [] : ['attribution']),
    ...(asking.bestOf === undefined ? [] : ['best-of']),
  ];
  return parts.length === 0 ? [] : [`Not tested on files: ${parts.join(', ')} of the manifest's regression section.`];
};

/** By the input, which the messages about rows do not name. */
const named = async <Found>(find: () => Promise<Found>): Promise<Found> => {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof RowsError)) throw error;
    throw new InputError(`${inputOf[error.input]}: ${error.message}`);
  }
};

const inputOf = {
  candidate: 'predictions',
  baseline: 'baseline-predictions',
  dataset: 'regression.dataset',
  policy: 'regression',
} as const satisfies Readonly<Record<RowsError['input'], string>>;
