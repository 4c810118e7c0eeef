import type { DescribeModelPackageOutput } from '../aws/sagemaker.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** The reports that a model package names, as far as they are read here. AWS takes them at the registration alone. */
export interface PackageReports {
  /** `evaluation.json`: the metrics of the model. */
  readonly evaluation?: ReportFile;
  /** Model Monitor's constraints of the model quality. */
  readonly 'quality-constraints'?: ReportFile;
  /** Model Monitor's `statistics.json` of the training data. */
  readonly 'data-statistics'?: ReportFile;
  /** Model Monitor's constraints of the training data, of this version alone. */
  readonly 'data-constraints'?: ReportFile;
  /** Model Monitor's `constraints.json`. */
  readonly constraints?: ReportFile;
  /** Clarify's `analysis.json`. */
  readonly 'pre-training'?: ReportFile;
  readonly 'post-training'?: ReportFile;
  readonly explainability?: ReportFile;
  /** The files of the first two kinds of statistics that drift checks compare with: of this version or of an older one. */
  readonly 'drift-evaluation'?: ReportFile;
  readonly 'drift-data-statistics'?: ReportFile;
}

export type ReportName = keyof PackageReports;

export interface ReportFile {
  /** Foreign text. */
  readonly uri: string;
  /** Hex; noted at the registration. */
  readonly sha256?: string;
}

/** The members in which a package may name each report, the first one first; for messages as well. */
export const reportMembers: Readonly<Record<ReportName, readonly string[]>> = {
  evaluation: ['ModelMetrics.ModelQuality.Statistics'],
  'quality-constraints': ['ModelMetrics.ModelQuality.Constraints'],
  'data-statistics': ['ModelMetrics.ModelDataQuality.Statistics'],
  'data-constraints': ['ModelMetrics.ModelDataQuality.Constraints'],
  // The version's own training data, then those that drift checks compare with, which a pipeline may have taken over from an older version.
  constraints: ['ModelMetrics.ModelDataQuality.Constraints', 'DriftCheckBaselines.ModelDataQuality.Constraints'],
  'pre-training': ['ModelMetrics.Bias.PreTrainingReport', 'ModelMetrics.Bias.Report'],
  'post-training': ['ModelMetrics.Bias.PostTrainingReport', 'ModelMetrics.Bias.Report'],
  explainability: ['ModelMetrics.Explainability.Report'],
  'drift-evaluation': ['DriftCheckBaselines.ModelQuality.Statistics'],
  'drift-data-statistics': ['DriftCheckBaselines.ModelDataQuality.Statistics'],
};

const reportNames = Object.keys(reportMembers) as readonly ReportName[];

export const reportsOf = (described: DescribeModelPackageOutput): PackageReports => {
  const first = (name: ReportName): ReportFile | undefined =>
    reportMembers[name].map((path) => fileAt(described, path.split('.'))).find((file) => file !== undefined);
  return Object.fromEntries(
    reportNames.flatMap((name) => {
      const file = first(name);
      return file === undefined ? [] : [[name, file]];
    }),
  );
};

/** AWS: MetricsSource. */
const fileAt = (described: unknown, path: readonly string[]): ReportFile | undefined => {
  let at = described;
  for (const key of path) at = memberOf(at, key);
  const uri = memberOf(at, 'S3Uri');
  const digest = memberOf(at, 'ContentDigest');
  if (typeof uri !== 'string') return undefined;
  const [, sha256] = /^sha256:([0-9a-f]{64})$/i.exec(typeof digest === 'string' ? digest : '') ?? [];
  return { uri, ...withoutUndefined({ sha256: sha256?.toLowerCase() }) };
};

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
