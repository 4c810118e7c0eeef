import type { CreateModelPackageInput } from '../aws/sagemaker.ts';
import { sha256 } from '../digest.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { parseAnalysis } from './analysis-file.ts';
import { parseConstraints } from './constraints-file.ts';
import type { Evaluation } from './evaluation.ts';
import { type S3Object, s3Uri } from './s3-object.ts';

/** The reports about a version that are kept beside its artifact and registered with it. They cannot be changed later. */
export interface WantedReports {
  readonly evaluation?: Evaluation;
  readonly 'data-constraints'?: ReportText;
  readonly 'bias-report'?: ReportText;
  readonly 'explainability-report'?: ReportText;
}

/** A report, byte for byte. */
export interface ReportText {
  readonly text: string;
  readonly sha256: string;
}

const reportText = (text: string): ReportText => ({ text, sha256: sha256(text) });

/** @throws {InputError} when it is no `constraints.json` of the data quality */
export const parseDataConstraints = (text: string, source: string): ReportText => {
  parseConstraints(text, source);
  return reportText(text);
};

/** @throws {InputError} when it is no `analysis.json` */
export const parseAnalysisReport = (text: string, source: string): ReportText => {
  parseAnalysis(text, source);
  return reportText(text);
};

const words = {
  evaluation: 'the evaluation',
  'data-constraints': 'the constraints of the data',
  'bias-report': 'the bias report',
  'explainability-report': 'the explainability report',
} as const satisfies Readonly<Record<keyof WantedReports, string>>;

export interface KeptReport extends ReportText {
  /** For people: `the evaluation`. */
  readonly what: string;
}

/** The objects to keep; two reports may be one file. */
export const keptReports = (wanted: WantedReports): readonly KeptReport[] => {
  const found = new Map<string, KeptReport>();
  for (const name of Object.keys(words) as readonly (keyof WantedReports)[]) {
    const report = wanted[name];
    if (report === undefined) continue;
    const other = found.get(report.sha256)?.what;
    const { text, sha256 } = report;
    found.set(sha256, { text, sha256, what: other === undefined ? words[name] : `${other} and ${words[name]}` });
  }
  return [...found.values()];
};

export const reportObject = (releases: S3Location, { sha256 }: Pick<ReportText, 'sha256'>): S3Object => ({
  bucket: releases.bucket,
  key: `${releases.prefix}evaluations/${sha256}.json`,
});

type Members = Pick<CreateModelPackageInput, 'ModelMetrics' | 'DriftCheckBaselines'>;

/**
 * The members of CreateModelPackage that name the reports. A package that is taken over keeps its own, as far as none replaces them. The
 * constraints are also the baseline of drift checks: without it a monitoring schedule has none of this version.
 */
export const reportMembersOf = (releases: S3Location, wanted: WantedReports, takenOver: Members = {}): Members => {
  const source = (name: keyof WantedReports) => {
    const report = wanted[name];
    return (
      report && {
        ContentType: 'application/json',
        ContentDigest: `sha256:${report.sha256}`,
        S3Uri: s3Uri(reportObject(releases, report)),
      }
    );
  };
  const before = takenOver.ModelMetrics;
  const [statistics, constraints, bias, explainability] = [
    source('evaluation'),
    source('data-constraints'),
    source('bias-report'),
    source('explainability-report'),
  ];
  const metrics = {
    ...before,
    ...(statistics && { ModelQuality: { Statistics: statistics } }),
    ...(constraints && { ModelDataQuality: { ...before?.ModelDataQuality, Constraints: constraints } }),
    ...(bias && { Bias: { Report: bias } }),
    ...(explainability && { Explainability: { Report: explainability } }),
  };
  const baselines = takenOver.DriftCheckBaselines;
  return withoutUndefined({
    ModelMetrics: Object.keys(metrics).length > 0 ? metrics : undefined,
    DriftCheckBaselines: constraints
      ? { ...baselines, ModelDataQuality: { ...baselines?.ModelDataQuality, Constraints: constraints } }
      : baselines,
  });
};
