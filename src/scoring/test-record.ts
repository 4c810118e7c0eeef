import * as z from 'zod/mini';
import { classify, orUndefined } from '../aws/errors.ts';
import type { Instant } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { Ruling } from '../findings/comparison.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { LostRace } from '../release/store.ts';
import { readJson, UnreadableText } from '../release/stored-json.ts';
import { withoutSecrets } from '../secrets.ts';
import { type World, writesOf } from '../world.ts';
import { type Subject, subjectId } from './subject.ts';

/**
 * The state of a regression test: one JSON object per subject in S3, `<prefix><endpoint>/regression/<subject>/test.json`, created with
 * `If-None-Match: *` and replaced with `If-Match: <etag>`. All runs of one subject meet in it: a run that is killed leaves its answers to
 * the next one.
 */
export interface TestRecord {
  readonly schemaVersion: 1;
  readonly subject: Subject;
  /** 1, 2, …: the answers lie under its number. It runs while it is above that of the verdict. */
  readonly attempt: number;
  readonly begunAt: Instant;
  /** The last attempt that ended without a verdict and cannot go on, since the names of its jobs are taken. */
  readonly spent?: number;
  /** Of the last attempt that ended. */
  readonly verdict?: Verdict;
}

export interface Verdict {
  readonly attempt: number;
  readonly verdict: Ruling;
  /** One sentence with numbers. */
  readonly because: string;
  readonly decidedAt: Instant;
  /** A pass counts until then. */
  readonly validUntil: Instant;
  readonly version: string;
  readonly rows: number;
  readonly run: { readonly url?: string; readonly actor?: string; readonly commit?: string };
}

const text = z.string().check(z.maxLength(4096));
/** Milliseconds that a date can have. */
const instant = z.number().check(z.gte(0), z.lte(8.64e15));
const hash = z.string().check(z.regex(/^([0-9a-f]{64}|none)$/));
const schema = z.looseObject({
  schemaVersion: z.literal(1),
  subject: z.object({ endpoint: text, package: hash, dataset: hash, policy: hash, baseline: hash }),
  attempt: z.int().check(z.gte(1)),
  begunAt: instant,
  spent: z.optional(z.int().check(z.gte(1))),
  verdict: z.optional(
    z.looseObject({
      attempt: z.int().check(z.gte(1)),
      verdict: z.enum(['pass', 'fail', 'inconclusive']),
      because: text,
      decidedAt: instant,
      validUntil: instant,
      version: text,
      rows: z.int(),
      run: z.looseObject({ url: z.optional(text), actor: z.optional(text), commit: z.optional(text) }),
    }),
  ),
});

export interface StoredTest {
  readonly record: TestRecord;
  readonly etag: string;
}

/** Folder of a subject's test: `<prefix><endpoint>/regression/<subject>/`. */
export const testFolder = (releases: S3Location, subject: Subject): S3Location =>
  folderOfTest(releases, subject.endpoint, subjectId(subject));

/** @param id of the subject */
export const folderOfTest = ({ bucket, prefix }: S3Location, endpoint: string, id: string): S3Location => ({
  bucket,
  prefix: `${prefix}${endpoint}/regression/${id}/`,
});

const recordOf = (releases: S3Location, subject: Subject) => {
  const { bucket, prefix } = testFolder(releases, subject);
  return { Bucket: bucket, Key: `${prefix}test.json` };
};

/** A verdict and its reasons are a few kilobytes. */
const mostBytes = 256 * 1024;

/** @throws {Refusal} `record-unavailable` when the object is no record of this subject */
export const readTest = async (
  world: World,
  releases: S3Location,
  subject: Subject,
): Promise<StoredTest | undefined> => {
  const address = recordOf(releases, subject);
  const found = await orUndefined(world.read.s3.getObject(address, mostBytes));
  if (found === undefined) return undefined;
  const place = `s3://${address.Bucket}/${address.Key}`;
  const record = parsed(found.text, place);
  if (canonical(record.subject) !== canonical(subject))
    throw new Refusal(
      'record-unavailable',
      `${place} is about another package, dataset, policy or baseline than its name: find its writer (CloudTrail), delete it, then run regression-test again`,
    );
  return { record, etag: found.etag };
};

const parsed = (stored: string, place: string): TestRecord => {
  const refuse = (why: string): never => {
    throw new Refusal(
      'record-unavailable',
      `${place} ${why}: no record of a regression test; delete it, then run regression-test again`,
    );
  };
  let value: unknown;
  try {
    value = readJson(stored);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    return refuse(error.message);
  }
  const result = schema.safeParse(value);
  return result.success ? (value as TestRecord) : refuse('is not complete');
};

/**
 * @param etag of the record this one follows; undefined: there was none
 * @throws {LostRace}
 */
export const writeTest = async (
  world: World,
  releases: S3Location,
  next: TestRecord,
  etag: string | undefined,
): Promise<void> => {
  const address = recordOf(releases, next.subject);
  const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
  const Body = JSON.stringify(withoutSecrets(next));
  try {
    await writesOf(world).s3.putObject({ ...address, ...condition, Body, ContentType: 'application/json' });
  } catch (error) {
    const kind = classify(error);
    if (kind !== 'precondition-failed' && kind !== 'not-found') throw error;
    // The answer to our own write may have been lost and its retry refused: then the stored record is our own.
    const now = await readTest(world, releases, next.subject);
    if (now !== undefined && canonical(now.record) === canonical(next)) return;
    throw new LostRace(`s3://${address.Bucket}/${address.Key} was changed by another run`);
  }
};

/** The attempt that runs, if one does. */
export const runningAttempt = ({ attempt, spent = 0, verdict }: TestRecord): number | undefined =>
  attempt > Math.max(spent, verdict?.attempt ?? 0) ? attempt : undefined;
