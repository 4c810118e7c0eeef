import * as z from 'zod/mini';
import { canonical } from '../../digest.ts';
import type { S3Location } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import { keptPieces, piecesOf } from '../answers.ts';
import { type Entry, endedTests, factsOf, mark, packageMark } from '../ended-tests.ts';
import { readKept } from '../read-kept.ts';
import type { Standing } from '../standing.ts';
import { folderOfTest } from '../test-record.ts';

/** A version that passed a test of this endpoint. */
export interface Earlier {
  readonly entry: Entry;
  /** Name of the version. */
  readonly tag: string;
  /** The same golden rows were sent and read in the same way. */
  readonly sameRows: boolean;
  /** The metric's value in its own test. */
  readonly value: number;
}

/** The golden set without the older ones, and the way from a row to a prediction: answers to other questions are not compared. */
export const goldenMark = ({
  parts,
  regression,
  subject,
}: Pick<Standing, 'parts' | 'regression' | 'subject'>): string => {
  const { task, positive, asking } = regression;
  const { request, response } = asking;
  // Files of predictions without golden rows have rows of their own.
  const bytes = parts[0]?.set.file.sha256 ?? subject.dataset;
  return mark(canonical({ bytes, task, positive, request, response }));
};

const schema = z.looseObject({
  model_delivery: z.looseObject({
    cells: z.array(
      z.looseObject({ metric: z.string(), slice: z.optional(z.string()), candidate: z.nullable(z.number()) }),
    ),
  }),
});
const mostBytes = 8 * 1024 * 1024;

export interface EarlierVersions {
  /** Those whose value of the metric is known, newest first. */
  readonly known: readonly Earlier[];
  /** Other versions among the last ones: their metrics are gone, or have no value. */
  readonly unknown: number;
}

/**
 * The last versions that passed, newest first, without the one under test; of each its last test on the same rows, or else its last one.
 * @param metric as reports print it
 */
export const earlierVersions = async (at: Standing, most: number, metric: string): Promise<EarlierVersions> => {
  const { world, releases, subject, registered } = at;
  const golden = goldenMark(at);
  const own = packageMark(registered.arn);
  const passed = (await endedTests(world, releases, subject.endpoint)).filter(
    (test) => test.verdict === 'pass' && test.package !== own,
  );
  const versions = [...new Set(passed.map((test) => test.package))].slice(0, most);
  const known: Earlier[] = [];
  for (const version of versions) {
    const tests = passed.filter((test) => test.package === version);
    const entry = tests.find((test) => test.golden === golden) ?? tests[0];
    const facts = entry && (await factsOf(world, releases, entry));
    const value = entry && (await storedValue(at, entry, metric));
    if (entry !== undefined && facts !== undefined && typeof value === 'number')
      known.push({ entry, tag: facts.tag, sameRows: entry.golden === golden, value });
  }
  return { known, unknown: versions.length - known.length };
};

export const folderOf = ({ releases, subject }: Standing, { subject: of }: Entry): S3Location =>
  folderOfTest(releases, subject.endpoint, of);

const storedValue = async (at: Standing, entry: Entry, metric: string): Promise<number | undefined> => {
  const folder = folderOf(at, entry);
  try {
    const found = await readKept(at.world, folder, `${folder.prefix}${entry.attempt}/evaluation.json`, {
      ...{ schema, mostBytes },
      is: 'no evaluation.json of a regression test',
    });
    const cell = found?.model_delivery.cells.find((one) => one.metric === metric && one.slice === undefined);
    return cell?.candidate ?? undefined;
  } catch (error) {
    // One version less to compare with, which the result says.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

/** Whether its answers to all rows of the golden set are there. */
export const hasAnswers = async (at: Standing, { entry }: Earlier): Promise<boolean> => {
  const [main] = at.parts;
  if (main === undefined) return false;
  const { whole } = await keptPieces(at.world, folderOf(at, entry), entry.attempt);
  return Array.from({ length: piecesOf(main.set.size) }, (_, piece) => piece).every((piece) => whole.has(piece));
};
