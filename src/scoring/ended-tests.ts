import * as z from 'zod/mini';
import type { Instant } from '../clock.ts';
import { sha256 } from '../digest.ts';
import type { Ruling } from '../findings/comparison.ts';
import type { S3Location } from '../manifest/manifest.ts';
import type { World } from '../world.ts';
import { keepOnce } from './keep-once.ts';
import { readKept } from './read-kept.ts';
import { type Subject, subjectId } from './subject.ts';

/**
 * The index of an endpoint's tests that ended, newest first: `<endpoint>/regression/ended/<descending time>-…`, one small object each. It
 * answers by names alone which version was last tested with which golden set, so that no reader walks through the answers of every test.
 * Runs never meet in it: each writes names of its own, and an object is never replaced.
 */
export interface EndedTest {
  readonly verdict: Ruling;
  /** The version under test served already, so that its model was the old one. */
  readonly ofServing: boolean;
  /** Marks of the package, and of the golden set without the older ones; `mark()`. */
  readonly package: string;
  readonly golden: string;
  readonly subject: string;
  readonly attempt: number;
}

/** An entry, with the facts for people. */
export interface EndedTestFacts extends EndedTest {
  /** Name of the version: `churn_v1.4.0`. */
  readonly tag: string;
  readonly version: string;
  readonly decidedAt: Instant;
}

/** Sixteen digits stand for a name or a digest in the name of an object. */
export const mark = (text: string): string => sha256(text).slice(0, 16);

/** SageMaker's spelling of a group and the manifest's may differ in the case of letters. */
export const packageMark = (arn: string): string => mark(arn.toLowerCase());

const folderOf = ({ bucket, prefix }: S3Location, endpoint: string): S3Location => ({
  bucket,
  prefix: `${prefix}${endpoint}/regression/ended/`,
});

/** S3 lists names in ascending order: the newest has the lowest number. */
const latest = 9_999_999_999_999;

const named = (test: EndedTest, decidedAt: Instant): string =>
  [
    String(latest - Math.floor(decidedAt)).padStart(13, '0'),
    test.verdict,
    test.ofServing ? 'serving' : 'new',
    ...[test.package, test.golden, test.subject, String(test.attempt)],
  ].join('-');

const name =
  /^\d{13}-(pass|fail|inconclusive)-(serving|new)-([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{16})-([1-9]\d{0,8})$/;

const schema = z.looseObject({
  schemaVersion: z.literal(1),
  tag: z.string().check(z.maxLength(512)),
  version: z.string().check(z.maxLength(512)),
  decidedAt: z.number().check(z.gte(0), z.lte(8.64e15)),
});

/** Writes the entry of a test that ends. One that is written twice, by a run that goes on after a kill, is read once. */
export const keepEnded = (
  world: World,
  releases: S3Location,
  subject: Subject,
  { tag, version, decidedAt, ...test }: Omit<EndedTestFacts, 'subject'>,
): Promise<void> => {
  const { bucket, prefix } = folderOf(releases, subject.endpoint);
  const key = `${prefix}${named({ ...test, subject: subjectId(subject) }, decidedAt)}`;
  const facts = { schemaVersion: 1, tag, version, decidedAt };
  return keepOnce(world, { bucket }, key, JSON.stringify(facts), 'application/json');
};

/** S3 gives a thousand names a page. Older tests are forgotten. */
const mostPages = 10;

/** An entry of the index, and its place. */
export interface Entry extends EndedTest {
  readonly key: string;
}

/** The entries, newest first, each attempt once. */
export const endedTests = async (world: World, releases: S3Location, endpoint: string): Promise<readonly Entry[]> => {
  const { bucket, prefix } = folderOf(releases, endpoint);
  const found = new Map<string, Entry>();
  let token: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { Contents = [], NextContinuationToken } = await world.read.s3.listObjectsV2({
      Bucket: bucket,
      Prefix: prefix,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    for (const { Key = '' } of Contents) {
      const entry = entryOf(Key, prefix);
      const attempt = entry && `${entry.subject}/${entry.attempt}`;
      if (attempt !== undefined && !found.has(attempt)) found.set(attempt, entry as Entry);
    }
    token = NextContinuationToken;
    if (token === undefined) break;
  }
  return [...found.values()];
};

const entryOf = (key: string, prefix: string): Entry | undefined => {
  const [, verdict, of, pack, golden, subject, attempt] = name.exec(key.slice(prefix.length)) ?? [];
  if (verdict === undefined || pack === undefined || golden === undefined || subject === undefined) return undefined;
  return {
    key,
    verdict: verdict as Ruling,
    ofServing: of === 'serving',
    ...{ package: pack, golden, subject },
    attempt: Number(attempt),
  };
};

/** A version's name and a time are some hundred bytes. */
const mostBytes = 16 * 1024;

/**
 * An entry with its facts; undefined when it was removed meanwhile.
 * @throws {Refusal} `record-unavailable` when it is no entry
 */
export const factsOf = async (
  world: World,
  location: S3Location,
  entry: Entry,
): Promise<EndedTestFacts | undefined> => {
  const { key, ...test } = entry;
  const found = await readKept(world, location, key, { schema, mostBytes, is: 'no entry of a regression test' });
  return found && { ...test, tag: found.tag, version: found.version, decidedAt: found.decidedAt };
};
