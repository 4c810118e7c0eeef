import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clarifyAnalysis } from '../../simulator/fixtures/clarify-analysis.ts';
import { dataConstraints, type TrainingRow } from '../../simulator/fixtures/data-constraints.ts';
import { type IrisVersion, irisData } from '../../simulator/fixtures/fixtures.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import type { TestAccount } from './account.ts';
import { columns } from './golden-set.ts';

/** Reports of Model Monitor and Clarify about versions of the rehearsed team. */

/** The rows that the versions were trained with. */
export const trainingRows: readonly TrainingRow[] = irisData().rows.map(([a, b, c, d, species]) => ({
  species,
  sepal_length: a,
  sepal_width: b,
  petal_length: c,
  petal_width: d,
}));

/** As a baseline job suggests them from the training data, with the target first. */
export const irisConstraints = (
  of: readonly string[] = ['species', ...columns],
  rows: readonly TrainingRow[] = trainingRows,
): string => JSON.stringify(dataConstraints(rows, of));

/**
 * Clarify's analysis of a model that answers yes to a share of the rows of two groups of equal size.
 * @param yes share of the group `0`, then of the group `1`
 */
export const analysisReport = (
  yes: readonly [number, number],
  attributions: Readonly<Record<string, number>> = {
    petal_length: 0.4,
    petal_width: 0.3,
    sepal_length: 0.05,
    sepal_width: 0.01,
  },
): string =>
  JSON.stringify(
    clarifyAnalysis(
      'garden',
      yes.flatMap((share, group) =>
        Array.from({ length: 100 }, (_, at) => ({
          group: String(group),
          label: at < 50,
          predicted: at < share * 100,
        })),
      ),
      attributions,
    ),
  );

export interface RegisteredReports {
  readonly 'data-constraints'?: string;
  readonly 'bias-report'?: string;
  readonly 'explainability-report'?: string;
}

/** Registers and approves a version with these reports. */
export const prepareWith = async (
  account: TestAccount,
  version: IrisVersion,
  reports: RegisteredReports,
): Promise<void> => {
  await registerWith(account, version, reports);
  await account.approve();
};

export const registerWith = async (
  account: TestAccount,
  version: IrisVersion,
  reports: RegisteredReports,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'reports-'));
  const files = Object.entries(reports).map(([name, text]) => {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, text);
    return [name, path] as const;
  });
  const report = await account.run(registerModel, { ...account.registration(version), ...Object.fromEntries(files) });
  if (report?.result.reason !== 'registered') throw new Error(`${report?.result.reason}: ${report?.result.because}`);
};
