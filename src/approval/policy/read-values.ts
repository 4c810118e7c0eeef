import type { BiasPolicyRule, MetricRule, MetricSource } from '../../manifest/approval-policy.ts';
import { biasMetrics } from '../../manifest/clarify-metrics.ts';
import { parseAnalysis } from '../../registry/analysis-file.ts';
import { parseReport } from '../../registry/evaluation.ts';
import type { PackageReports, ReportName } from '../../registry/package-reports.ts';
import type { Analysis } from '../../regression/clarify/analysis.ts';
import { InputError } from '../../schema.ts';
import { type ReportReader, registeredReport } from '../../scoring/registered-reports.ts';
import type { World } from '../../world.ts';
import { type Found, numberIn, numberOfText } from './number-in.ts';

/** A package as rules read it. */
export interface Reported {
  /** For people. */
  readonly name: string;
  readonly reports: PackageReports;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws {Refusal} `access-denied` */
export const readNumber = async (
  world: World,
  read: ReportReader,
  of: Reported,
  { from, path }: Pick<MetricRule, 'from' | 'path'>,
): Promise<Found> => {
  if (from === 'metadata') {
    const [key = ''] = path;
    return numberOfText(Object.hasOwn(of.metadata, key) ? of.metadata[key] : undefined);
  }
  return readReport(world, read, of, from, (report) => numberIn(report, path));
};

/** The statistics that the package's drift checks compare with. @throws {Refusal} `access-denied` */
export const readDriftBaseline = async (
  world: World,
  read: ReportReader,
  of: Reported,
  { from, path }: Pick<MetricRule, 'from' | 'path'>,
): Promise<Found> =>
  readReport(world, read, of, from === 'data-statistics' ? 'drift-data-statistics' : 'drift-evaluation', (report) =>
    numberIn(report, path),
  );

/** @returns or why there is none, as a clause @throws {Refusal} `access-denied` */
export const readAnalysis = async (
  world: World,
  read: ReportReader,
  of: Reported,
  { rule }: BiasPolicyRule,
): Promise<Analysis | string> => {
  const found = await registeredReport(world, read, biasMetrics[rule.metric].stage, of.reports, of.name);
  return found.is === 'none' ? found.why : parsed(() => parseAnalysis(found.bytes.toString('utf8'), found.name));
};

const readReport = async (
  world: World,
  read: ReportReader,
  { name, reports }: Reported,
  report: Exclude<MetricSource, 'metadata'> | Extract<ReportName, `drift-${string}`>,
  numberOf: (report: object) => Found,
): Promise<Found> => {
  const found = await registeredReport(world, read, report, reports, name);
  if (found.is === 'none') return `is not known: ${found.why}`;
  const content = parsed(() => parseReport(found.bytes.toString('utf8'), found.name, 'a report of SageMaker'));
  return typeof content === 'string' ? `is not known: ${content}` : numberOf(content);
};

/** @returns the error's message for a file that is none of its kind */
const parsed = <Content extends object>(parse: () => Content): Content | string => {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
};
