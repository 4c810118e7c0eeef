import type { EvidenceMetric } from '../findings/evidence.ts';
import { type Direction, knownDirection } from '../manifest/approval-policy.ts';
import { parseReport } from '../registry/evaluation.ts';
import { trainingMetricsOf } from '../registry/lineage.ts';
import type { PackageReports } from '../registry/package-reports.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import {
  type ReportReader,
  registeredReport,
  reportReader,
  type ServedPackage,
} from '../scoring/registered-reports.ts';
import type { World } from '../world.ts';
import { partOf } from './evidence-part.ts';

/** A reader compares these; the file has all. */
const mostMetrics = 30;

export interface ComparedMetrics {
  readonly metrics: readonly EvidenceMetric[];
  readonly metricsLeft: number;
  readonly metricNotes: readonly string[];
}

type Values = ReadonlyMap<string, number>;
/** By the meaning of a higher value. */
const arrows: Readonly<Record<Direction, 'higher' | 'lower'>> = { better: 'higher', worse: 'lower' };

interface Side {
  readonly values: Values;
  /** Why the evaluation has none. */
  readonly note?: string;
}

/** The metrics that both packages name, the candidate's beside those of the version that serves. Neither file is read twice. */
export const compareMetrics = async (
  world: World,
  { tag, reports, metadata }: RegisteredVersion,
  served: ServedPackage | undefined,
): Promise<ComparedMetrics> => {
  const read = reportReader(world);
  const side = (name: string, from: PackageReports, noted: Readonly<Record<string, string>>) =>
    sideOf(world, read, name, from, trainingMetricsOf(noted));
  const candidate = await side(tag, reports, metadata);
  const serving =
    served === undefined || 'why' in served ? undefined : await side(served.name, served.reports, served.metadata);
  const names = [...new Set([...candidate.values.keys(), ...(serving?.values.keys() ?? [])])];
  const shown = names.slice(0, mostMetrics).map((name): EvidenceMetric => {
    const [mine, other, better] = [
      candidate.values.get(name),
      serving?.values.get(name),
      knownDirection(name.split('.')),
    ];
    return {
      name,
      ...(mine === undefined ? {} : { candidate: mine }),
      ...(other === undefined ? {} : { serving: other }),
      ...(better === undefined ? {} : { better: arrows[better] }),
    };
  });
  const both = shown.some((one) => one.candidate !== undefined && one.serving !== undefined);
  return {
    metrics: shown,
    metricsLeft: names.length - shown.length,
    metricNotes: [
      ...[candidate, serving].flatMap((one) => one?.note ?? []),
      ...(both ? ['each value is of the evaluation of its own version, which may have had other rows'] : []),
    ],
  };
};

const sideOf = async (
  world: World,
  read: ReportReader,
  of: string,
  reports: PackageReports,
  training: Readonly<Record<string, number>>,
): Promise<Side> => {
  const trained = Object.entries(training).map(([name, value]) => [`training job: ${name}`, value] as const);
  const evaluation = await partOf(async () => {
    const found = await registeredReport(world, read, 'evaluation', reports, of);
    return found.is === 'none'
      ? { values: [], note: found.why }
      : { values: valuesIn(found.bytes.toString('utf8'), found.name) };
  });
  return evaluation.is === 'unknown'
    ? { values: new Map(trained), note: evaluation.because }
    : { ...evaluation.value, values: new Map([...evaluation.value.values, ...trained]) };
};

/**
 * `<group>.<metric>.value`, the form of SageMaker's evaluation; another form, such as a confusion matrix, is no number to compare.
 * @throws {InputError} when it is no report
 */
const valuesIn = (text: string, source: string): readonly (readonly [name: string, value: number])[] =>
  membersOf(parseReport(text, source, 'an evaluation.json')).flatMap(([group, metrics]) =>
    membersOf(metrics).flatMap(([name, metric]) => {
      const value = membersOf(metric).find(([key]) => key === 'value')?.[1];
      return typeof value === 'number' && Number.isFinite(value) ? [[`${group}.${name}`, value] as const] : [];
    }),
  );

const membersOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
