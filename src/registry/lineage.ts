import type { DescribeModelPackageOutput } from '../aws/sagemaker.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { metadataKeys } from './metadata.ts';

/** The origin of a package by its own account, one fact for each head, in the order for a reader. Foreign text; a writer of the package may change it. */
export type Lineage = Readonly<Record<string, string>>;

const [ownCommit, ownRun, source] = ['commit of the version', 'run that registered it', 'taken from package'] as const;

/** The run and the commit of a version, and, where it was taken over from another package, those of the source. */
export interface Origin {
  readonly commit?: string;
  readonly run?: string;
  /** Absent: they are the two above. */
  readonly ownCommit?: string;
  readonly ownRun?: string;
  readonly takenFrom?: string;
}

export const originIn = (lineage: Lineage): Origin =>
  withoutUndefined({
    commit: lineage['commit'],
    run: lineage['run'],
    ownCommit: lineage[ownCommit],
    ownRun: lineage[ownRun],
    takenFrom: lineage[source],
  });

/** Undefined where the package has nothing about its origin. */
export const lineageOf = ({
  CustomerMetadataProperties: metadata,
  MetadataProperties: properties,
}: Pick<DescribeModelPackageOutput, 'CustomerMetadataProperties' | 'MetadataProperties'>): Lineage | undefined => {
  const noted = metadata ?? {};
  const trainingData = Object.entries(noted).filter(([key]) => key.startsWith('training-data.'));
  const facts: readonly (readonly [head: string, value: unknown])[] = [
    ...twice('commit', properties?.CommitId, noted[metadataKeys.gitSha]),
    ['git ref', noted[metadataKeys.gitRef]],
    ['repository', properties?.Repository],
    ...twice('run', properties?.GeneratedBy, noted[metadataKeys.runUrl]),
    // Of a package that was taken over, whose facts above are those of its source.
    [ownCommit, noted[metadataKeys.versionCommit]],
    [ownRun, noted[metadataKeys.versionRun]],
    ['training job', noted[metadataKeys.trainingJob]],
    ...trainingData.map(([key, value]) => [key.replace('training-data.', 'training data '), value] as const),
    [source, noted[metadataKeys.takenFrom]],
    ['earlier approval', noted[metadataKeys.earlierApproval]],
    ['earlier approval by', noted[metadataKeys.earlierApprovalBy]],
    ['earlier approval at', noted[metadataKeys.earlierApprovalAt]],
    ['reason of the earlier approval', noted[metadataKeys.earlierApprovalBecause]],
  ];
  const known = facts.flatMap(([head, value]) => (typeof value === 'string' && value !== '' ? [[head, value]] : []));
  return known.length === 0 ? undefined : Object.fromEntries(known);
};

/**
 * MetadataProperties stays as registered (AWS: UpdateModelPackage has no such member), so it comes first. A differing entry of the
 * metadata was rewritten, or is that of the training of a package that was taken over: the reader sees both.
 */
const twice = (
  head: string,
  lasting: string | undefined,
  noted: string | undefined,
): readonly (readonly [head: string, value: string | undefined])[] =>
  lasting && noted !== lasting
    ? [
        [head, lasting],
        [`${head} in the metadata`, noted],
      ]
    : [[head, noted]];

/** Final metrics of the training job, by name: register-model writes them down. */
export const trainingMetricsOf = (metadata: Readonly<Record<string, string>>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(metadata).flatMap(([key, text]) => {
      const value = key.startsWith('metric.') && text.trim() !== '' ? Number(text) : Number.NaN;
      return Number.isFinite(value) ? [[key.slice('metric.'.length), value] as const] : [];
    }),
  );
