import { createHash } from 'node:crypto';
import { biasMetrics } from '../../manifest/clarify-metrics.ts';
import type { RegressionSpec } from '../../manifest/regression.ts';
import type { ReportName } from '../../registry/package-reports.ts';
import type { RegisteredVersion } from '../../registry/registered-version.ts';
import { InputError } from '../../schema.ts';
import type { World } from '../../world.ts';
import {
  describeServed,
  type FoundReport,
  mostReportBytes,
  registeredReport,
  reportReader,
  tooLarge,
} from '../registered-reports.ts';
import { type RowsFile, readRowsFile, rowsFile } from '../rows-file.ts';
import type { Serving } from '../served.ts';

/** The reports that the checks of a test read, of both models. */
export type ReportFiles = Readonly<Partial<Record<ReportName, ReportPair>>>;

export interface ReportPair {
  readonly candidate: FoundReport;
  /** Absent where nothing serves. */
  readonly baseline?: FoundReport;
}

/** The facts that the files are found by. */
export interface Reported {
  readonly regression: Pick<RegressionSpec, 'asking'>;
  readonly registered: RegisteredVersion;
  /** At the environment's endpoint; undefined: there is none. */
  readonly look: Serving | undefined;
}

/**
 * Reads the files of the checks that the manifest wants.
 * @throws {InputError} when the manifest names a file that is absent
 * @throws {Refusal} `access-denied`
 */
export const reportFiles = async (world: World, at: Reported): Promise<ReportFiles> => {
  const { asking } = at.regression;
  const names = reportNames(asking);
  if (names.length === 0) return {};
  const served = await describeServed(world, at.look);
  const { tag, reports } = at.registered;
  const read = reportReader(world);
  const pairs: [ReportName, ReportPair][] = [];
  for (const name of names) {
    const constraints = asking.contract?.constraints ?? 'registered';
    pairs.push([
      name,
      {
        candidate:
          name === 'constraints' && constraints !== 'registered'
            ? await named(world, constraints)
            : await registeredReport(world, read, name, reports, tag),
        ...(served === undefined
          ? {}
          : {
              baseline:
                'why' in served
                  ? { is: 'none' as const, why: served.why }
                  : await registeredReport(world, read, name, served.reports, served.name),
            }),
      },
    ]);
  }
  return Object.fromEntries(pairs);
};

/** The reports that the checks of the manifest need. */
const reportNames = ({ contract, bias = [], attribution }: RegressionSpec['asking']): readonly ReportName[] => [
  ...(contract === undefined ? [] : (['constraints'] as const)),
  ...new Set(bias.map(({ metric }) => biasMetrics[metric].stage)),
  ...(attribution === undefined ? [] : (['explainability'] as const)),
];

/** The files as one, for the digest of the test's subject. Empty where no check reads any. */
export const reportsDigestFile = (files: ReportFiles): readonly RowsFile[] => {
  const sides = Object.entries(files).flatMap(([name, { candidate, baseline }]) =>
    [candidate, baseline].map((found) => [
      name,
      found?.is === 'file' ? createHash('sha256').update(found.bytes).digest('hex') : (found?.is ?? 'nothing serves'),
    ]),
  );
  return sides.length === 0 ? [] : [rowsFile('reports', Buffer.from(JSON.stringify(sides)))];
};

const named = async (world: World, path: string): Promise<FoundReport> => {
  const { name, size, read } = await readRowsFile(world, path, 'regression.contract.constraints');
  if (size > mostReportBytes) throw new InputError(`regression.contract.constraints: ${tooLarge(name)}`);
  return { is: 'file', name, bytes: await read(0, size) };
};
