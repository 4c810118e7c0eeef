import type { AlsoJudged, Check, Regression } from '../findings/regression.ts';
import { counted } from '../judge/amounts.ts';
import type { S3Location } from '../manifest/manifest.ts';
import type { RegressionPolicy, RegressionSpec } from '../manifest/regression.ts';
import { oneLine } from '../plain-text.ts';
import { regressionFindings } from '../regression/findings.ts';
import { type ModelQuality, modelQualityOf } from '../regression/model-quality.ts';
import { type Compared, compareScored, type Names } from '../regression/scoring/compare-scored.ts';
import type { Row } from '../regression/scoring/row.ts';
import { scoredRows } from '../regression/scoring/scored-rows.ts';
import type { Source, Sources } from '../regression/scoring/source.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { piecesOf, readPiece, rowsOfPiece } from './answers.ts';
import type { Answered } from './ask.ts';
import { readingOf, rowsRepeated } from './ask-piece.ts';
import { type GoldenSet, type Part, sourceOf } from './golden-set.ts';
import { readAhead } from './read-ahead.ts';
import { repeatedOf } from './repeated.ts';
import { requirePredictions } from './require-predictions.ts';
import { withoutMark } from './response.ts';
import type { RowsFile } from './rows-file.ts';
import type { Site, TransformSite } from './site.ts';
import { type Job, type Transformed, transformed } from './transform.ts';

export interface Deciding {
  readonly regression: RegressionSpec;
  /** All rows that were asked; absent where both models' answers are files, and no dataset is named. */
  readonly golden?: GoldenSet;
  /** The golden set, then the older ones. */
  readonly parts: readonly Part[];
  readonly candidate: Site;
  readonly baseline?: Site | undefined;
  /** For reports. */
  readonly names: Names;
  /** The job of a site that answers by batch transform. */
  readonly jobOf: (site: TransformSite) => Job;
  readonly folder: S3Location;
  readonly attempt: number;
  /** With their results. */
  readonly checks: readonly Check[];
}

/** The facts by which answers are found. */
export type Answering = Pick<Deciding, 'regression' | 'golden' | 'jobOf' | 'folder' | 'attempt'>;

export interface Decided {
  readonly findings: Regression;
  readonly quality: ModelQuality;
}

/** Reads the answers of the attempt and compares them by the policy. @throws {InputError} where rows and policy do not fit */
export const decide = async (world: World, deciding: Deciding): Promise<Decided> => {
  const [main, ...older] = deciding.parts;
  const { findings, quality } = await judged(world, deciding, deciding.regression, main);
  const repeated = repeatedOf(await firstAnswers(world, deciding));
  const also: AlsoJudged[] = [];
  const rules = rulesAlone(deciding.regression);
  for (const part of older) {
    const { verdict, because, rows, cells, dataset } = (await judged(world, deciding, rules, part)).findings;
    also.push({ name: part.name ?? '', verdict, because, rows, cells, dataset });
  }
  return {
    quality,
    findings: {
      ...findings,
      ...worst(findings, also, deciding.checks),
      ...(also.length > 0 ? { also } : {}),
      ...(deciding.checks.length > 0 ? { checks: deciding.checks } : {}),
      ...withoutUndefined({ repeated }),
    },
  };
};

/** For the older golden sets: the digest, the version and the last day in the manifest are those of the golden set itself. */
export const rulesAlone = ({
  datasetDigest: _digest,
  datasetVersion: _version,
  datasetExpires: _day,
  ...rules
}: RegressionSpec): RegressionPolicy => rules;

/** The verdict over all golden sets and checks: a pass needs every one of them. */
const worst = (
  main: Pick<Regression, 'verdict' | 'because'>,
  also: readonly AlsoJudged[],
  checks: readonly Check[],
): Pick<Regression, 'verdict' | 'because'> => {
  const deciding = checks.filter(({ level }) => level === 'fail');
  const all = [
    { ...main, of: '' },
    ...also.map(({ name, ...set }) => ({ ...set, of: `golden set ${oneLine(name)}: ` })),
    ...deciding.map(({ name, ...check }) => ({ ...check, of: `${name}: ` })),
  ];
  for (const ruling of ['fail', 'inconclusive'] as const) {
    const one = all.find(({ verdict }) => verdict === ruling);
    if (one !== undefined) return { verdict: ruling, because: `${one.of}${one.because}` };
  }
  const others = [
    ...(also.length === 0 ? [] : [counted(also.length, 'older golden set')]),
    ...deciding.map(({ name }) => name),
  ];
  const too =
    others.length === 0
      ? ''
      : `; ${others.join(', ')} ${others.length === 1 && also.length < 2 ? 'passes' : 'pass'} too`;
  return { verdict: 'pass', because: `${main.because}${too}` };
};

const judged = async (
  world: World,
  deciding: Deciding,
  policy: RegressionPolicy,
  part: Part | undefined,
): Promise<Decided> => {
  const { candidate, baseline, names, regression } = deciding;
  const sources = {
    ...goldenSource(regression, part),
    candidate: await answersOf(world, deciding, 'candidate', candidate, part),
    ...withoutUndefined({ baseline: baseline && (await answersOf(world, deciding, 'baseline', baseline, part)) }),
  };
  const { scored, comparison } = await compared(world, policy, sources, names);
  return {
    // Its result is an output and a log, which hold no row of a dataset (DESIGN §7 rule 16).
    findings: regressionFindings(comparison, scored, { ...names, redacted: true }),
    quality: modelQualityOf(scored.rows),
  };
};

/** The golden rows of a part, with the columns that the model gets. */
export const goldenSource = (
  { asking }: Pick<RegressionSpec, 'asking'>,
  part: { readonly set: { readonly file: RowsFile } } | undefined,
): Pick<Sources, 'golden' | 'inputs'> => {
  const { input } = asking.request ?? {};
  if (part === undefined) return {};
  return {
    golden: sourceOf(part.set.file),
    // Rows with the same input may have different labels; the report names them.
    ...(typeof input === 'string' || input === undefined ? {} : { inputs: input }),
  };
};

/** The answers of two models, or of one, by the policy. @throws {RowsError} where rows and policy do not fit */
export const compared = async (
  world: Pick<World, 'clock'>,
  policy: RegressionPolicy,
  sources: Sources,
  names: Names,
): Promise<Compared> => compareScored(policy, await scoredRows(policy, sources), names, world.clock.now());

/** The answers of one model to the rows of one golden set. */
export const answersOf = async (
  world: World,
  deciding: Answering,
  side: 'candidate' | 'baseline',
  site: Site,
  part: Part | undefined,
): Promise<Source> => {
  const { folder, attempt } = deciding;
  if (site.is === 'file') return sourceOf(site.file);
  if (part === undefined) throw new Error('a model was asked without golden rows');
  const { from, set } = part;
  const to = from + set.size;
  if (site.is === 'transform') return transformSource(world, deciding, site, from, to);
  const rows = async function* (): AsyncGenerator<Row, void> {
    let first = Math.floor(from / rowsOfPiece) * rowsOfPiece;
    const pieces = readAhead(first / rowsOfPiece, piecesOf(to), (piece) => readPiece(world, folder, attempt, piece));
    for await (const answers of pieces) {
      for (const answered of answers.slice(Math.max(0, from - first), to - first)) {
        const answer = answered[side];
        if (answer !== null && answer !== undefined) yield { id: answered.id, ...withoutMark(answer) };
      }
      first += rowsOfPiece;
    }
  };
  return { name: site.name, rows: { [Symbol.asyncIterator]: rows } };
};

const transformSource = async (
  world: World,
  { regression, golden, jobOf }: Answering,
  site: TransformSite,
  from: number,
  to: number,
): Promise<Source> => {
  const { request } = regression.asking;
  if (golden === undefined || request === undefined) throw new Error('batch transform had no rows');
  const answers = await transformed(world, jobOf(site), golden, request, (row) => readingOf(regression, row));
  const first: Transformed[] = [];
  for await (const one of answers) if (first.push(one) === rowsOfPiece) break;
  requirePredictions(regression, site.side, site, first);
  const rows = async function* (): AsyncGenerator<Row, void> {
    let place = 0;
    for await (const { row, answer } of answers) {
      if (place >= from && place < to) yield { id: row.id, ...withoutMark(answer) };
      place++;
    }
  };
  return { name: site.name, rows: { [Symbol.asyncIterator]: rows } };
};

/** The rows that were asked twice are among the first ones. */
const firstAnswers = async (
  world: World,
  { golden, candidate, baseline, folder, attempt }: Deciding,
): Promise<readonly Answered[]> => {
  if (golden === undefined || (candidate.is !== 'endpoint' && baseline?.is !== 'endpoint')) return [];
  const pieces = piecesOf(Math.min(rowsRepeated, golden.size));
  const found = await Promise.all(
    Array.from({ length: pieces }, (_, piece) => readPiece(world, folder, attempt, piece)),
  );
  return found.flat();
};
