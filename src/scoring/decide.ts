import type { Comparison } from '../findings/comparison.ts';
import type { Regression } from '../findings/regression.ts';
import type { S3Location } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { compare } from '../regression/compare.ts';
import { regressionFindings } from '../regression/findings.ts';
import { MetricError } from '../regression/metrics/maker.ts';
import { measureOf } from '../regression/metrics/measure-of.ts';
import { type ModelQuality, modelQualityOf } from '../regression/model-quality.ts';
import { requireFit } from '../regression/scoring/fitting.ts';
import type { Row } from '../regression/scoring/row.ts';
import { RowsError } from '../regression/scoring/rows-error.ts';
import { scoredRows } from '../regression/scoring/scored-rows.ts';
import type { Source } from '../regression/scoring/source.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { piecesOf, readPiece } from './answers.ts';
import type { Answered } from './ask.ts';
import { type GoldenSet, sourceOf } from './golden-set.ts';
import { repeatedOf } from './repeated.ts';
import { readingOf } from './score.ts';
import type { Site, TransformSite } from './site.ts';
import { type Job, transformed } from './transform.ts';

export interface Deciding {
  readonly regression: RegressionSpec;
  /** Absent where both models' answers are files, and no dataset is named. */
  readonly golden?: GoldenSet;
  readonly candidate: Site;
  readonly baseline?: Site | undefined;
  /** For reports. */
  readonly names: { readonly candidate: string; readonly baseline?: string };
  /** The job of a site that answers by batch transform. */
  readonly jobOf: (site: TransformSite) => Job;
  readonly folder: S3Location;
  readonly attempt: number;
}

export interface Decided {
  readonly comparison: Comparison;
  readonly findings: Regression;
  readonly quality: ModelQuality;
}

/** Reads the answers of the attempt and compares them by the policy. @throws {InputError} where rows and policy do not fit */
export const decide = async (world: World, deciding: Deciding): Promise<Decided> => {
  const { regression, golden, candidate, baseline, names } = deciding;
  const scored = await scoredRows(regression, {
    candidate: await answersOf(world, deciding, 'candidate', candidate),
    ...withoutUndefined({
      golden: golden && sourceOf(golden.file),
      baseline: baseline && (await answersOf(world, deciding, 'baseline', baseline)),
    }),
  });
  const repeated = repeatedOf(await firstAnswers(world, deciding));
  const { datasetDigest, dataset } = regression;
  if (datasetDigest !== undefined && datasetDigest !== scored.dataset.digest)
    throw new RowsError(
      'dataset',
      `${dataset} has the digest ${scored.dataset.digest}, and the manifest has ${datasetDigest}: ids, labels or weights differ`,
    );
  try {
    requireFit(regression, scored.rows, names, measureOf);
    const comparison = compare(regression, scored, measureOf, world.clock.now());
    return {
      comparison,
      // Its result is an output and a log, which hold no row of a dataset (DESIGN §7 rule 16).
      findings: {
        ...regressionFindings(comparison, scored, { ...names, redacted: true }),
        ...withoutUndefined({ repeated }),
      },
      quality: modelQualityOf(scored.rows),
    };
  } catch (error) {
    throw error instanceof MetricError ? new RowsError('policy', error.message) : error;
  }
};

const answersOf = async (
  world: World,
  deciding: Deciding,
  side: 'candidate' | 'baseline',
  site: Site,
): Promise<Source> => {
  const { golden, folder, attempt } = deciding;
  if (site.is === 'file') return sourceOf(site.file);
  if (site.is === 'transform') return transformSource(world, deciding, site);
  const pieces = piecesOf(golden?.rows.length ?? 0);
  const rows = async function* (): AsyncGenerator<Row, void> {
    for (let piece = 0; piece < pieces; piece++)
      for (const { id, ...answers } of await readPiece(world, folder, attempt, piece)) {
        const answer = answers[side];
        if (answer !== null && answer !== undefined) yield { id, ...withoutMark(answer) };
      }
  };
  return { name: site.name, rows: { [Symbol.asyncIterator]: rows } };
};

const transformSource = async (
  world: World,
  { regression, golden, jobOf }: Deciding,
  site: TransformSite,
): Promise<Source> => {
  const { request } = regression.asking;
  if (golden === undefined || request === undefined) throw new Error('batch transform had no rows');
  const answers = await transformed(world, jobOf(site), golden, request, readingOf(regression, golden));
  return { name: site.name, rows: answers.map(({ id, answer }) => ({ id, ...withoutMark(answer) })) };
};

const firstAnswers = async (
  world: World,
  { golden, candidate, baseline, folder, attempt }: Deciding,
): Promise<readonly Answered[]> =>
  golden === undefined || (candidate.is !== 'endpoint' && baseline?.is !== 'endpoint')
    ? []
    : readPiece(world, folder, attempt, 0);

const withoutMark = ({ unreadable: _, ...answer }: Row): Row => answer;
