import type { AwsReads, AwsWrites } from '../aws/clients.ts';
import { classify, describe, isInAnotherRegion, orUndefined } from '../aws/errors.ts';
import { ObjectTooLarge } from '../aws/object-too-large.ts';
import { canonical } from '../digest.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest, S3Location } from '../manifest/manifest.ts';
import { Refusal, type Remarks } from '../operation.ts';
import { withoutSecrets } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type JournalEntry, type JudgeEvidence, journal, type Noted } from './journal.ts';
import type { Subject } from './lifecycle.ts';
import { formerReleases, placedIn, recordKey, recordName, releasesOf } from './location.ts';
import type { ReleaseRecord } from './record.ts';
import { parseRecord, UnreadableRecord } from './record-schema.ts';
import { ForeignRecord, ownRecord } from './subject.ts';

/** A record from S3, and the ETag for a conditional write of its successor. */
export interface StoredRecord {
  readonly record: ReleaseRecord;
  readonly etag: string;
}

/** Another writer wrote the record first. Nothing was written: read again, decide again. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
}

export interface ReleaseStore {
  readonly endpoint: string;
  /** The owner of the record. */
  readonly subject: Subject;
  /** The record is about the alias of a Lambda function or a service of ECS, and `endpoint` is its name. */
  readonly ofCodeDeploy?: true;
  /** `s3://bucket/prefix/<endpoint>/record.json`. */
  readonly uri: string;
  /** The place of this endpoint's record by an older version of this suite; undefined when none is visible. */
  elsewhere(): Promise<string | undefined>;
  /** @throws {Refusal} `record-unavailable`, and `foreign-record` when it is not this endpoint's */
  read(): Promise<StoredRecord | undefined>;
  /**
   * @param etag of the record this one follows; undefined: there was none
   * @returns the stored record
   * @throws {LostRace}
   */
  write(next: ReleaseRecord, etag: string | undefined): Promise<StoredRecord>;
  /** Adds a line to a release's journal, written by `keepJournal`. */
  note(release: string, entry: JournalEntry): void;
  /** Adds the new part of the evidence to a release's journal. */
  witness(release: string, evidence: JudgeEvidence): void;
  /** The record as last read or written, and the evidence of this turn. */
  seen(): { readonly record?: ReleaseRecord; readonly evidence?: JudgeEvidence };
  /** Writes the noted lines, once for a whole turn. Never throws: lines that could not be kept are in `remarks`. */
  keepJournal(): Promise<void>;
  /** Problems beside the release, to be reported with it. */
  remark(sentence: string): void;
  readonly remarks: Remarks;
}

export interface StoreOptions {
  readonly reads: Pick<AwsReads, 's3'>;
  /** Absent in a dry run. */
  readonly writes?: Pick<AwsWrites, 's3'>;
  readonly location: S3Location;
  /** `World.session`. */
  readonly session?: object;
  /** The earlier default place of records, before `location`. */
  readonly former?: S3Location;
  readonly subject: Subject;
  /** `ReleaseStore.ofCodeDeploy`. */
  readonly ofCodeDeploy?: true;
}

/** Twenty ended releases and fifty versions that served are a few hundred kilobytes. */
const mostBytes = 4 * 1024 * 1024;

/** The store of an environment's release record, with the clients of a run. */
export const storeFor = (
  given: { readonly manifest: Manifest; readonly environment: string },
  { read, write, account, session }: Pick<World, 'read' | 'write' | 'account' | 'session'>,
): ReleaseStore => {
  const environment = deliveryOf(given.manifest, given.environment);
  const location = releasesOf(environment, account);
  const place = { account: account.id, region: account.region };
  const clients = { reads: read, ...withoutUndefined({ writes: write, session }) };
  if (!('endpoint' in environment))
    return releaseStore({
      ...clients,
      location: placedIn(location, environment),
      subject: { endpoint: recordName(environment), ...place },
      ofCodeDeploy: true,
    });
  return releaseStore({
    ...clients,
    location,
    ...(environment.releases ? {} : { former: formerReleases(account) }),
    subject: { endpoint: environment.endpoint.name, ...place },
  });
};

/** The release record of one endpoint: compare-and-swap by S3's conditional writes (DESIGN §8). */
export const releaseStore = ({
  reads,
  writes,
  session,
  location,
  former,
  subject,
  ofCodeDeploy,
}: StoreOptions): ReleaseStore => {
  const { endpoint } = subject;
  const address = { Bucket: location.bucket, Key: recordKey(location, endpoint) };
  const place = `s3://${address.Bucket}/${address.Key}`;

  let seen: ReturnType<ReleaseStore['seen']> = {};
  const see = (record: ReleaseRecord): ReleaseRecord => {
    seen = { ...seen, record };
    return record;
  };
  const read = async (): Promise<StoredRecord | undefined> => {
    const found = await orUndefined(reads.s3.getObject(address, mostBytes).catch(explain(location, place, subject)));
    return found && { record: see(parse(found.text, place, subject, ofCodeDeploy)), etag: found.etag };
  };

  const remarks: string[] = [];
  const noted = new Map<string, Noted>();
  const add = (release: string, change: (before: Noted) => Noted): void => {
    if (writes === undefined) throw new Error('a dry run reached a write');
    noted.set(release, change(noted.get(release) ?? { entries: [] }));
  };
  return {
    endpoint,
    subject,
    ...withoutUndefined({ ofCodeDeploy }),
    uri: place,
    elsewhere: async () => {
      if (former === undefined) return undefined;
      const Key = recordKey(former, endpoint);
      try {
        await reads.s3.headObject({ Bucket: former.bucket, Key });
        return `s3://${former.bucket}/${Key}`;
      } catch (error) {
        // The bucket is absent, forbidden, or another account's by now: then only the endpoint's tag can name the record.
        if (classify(error) === 'not-found' || classify(error) === 'access-denied') return undefined;
        throw error;
      }
    },
    read,
    remarks,
    remark: (sentence) => {
      remarks.push(sentence);
    },
    note: (release, entry) => add(release, (before) => ({ ...before, entries: [...before.entries, entry] })),
    witness: (release, evidence) => {
      seen = { ...seen, evidence };
      add(release, (before) => ({ ...before, evidence }));
    },
    seen: () => seen,
    keepJournal: async () => {
      const waiting = [...noted];
      noted.clear();
      for (const [release, lines] of waiting) {
        if (writes === undefined) return;
        const warning = await journal({ reads, writes, location, endpoint, release, ...withoutUndefined({ session }) })(
          lines,
        );
        if (warning !== undefined) remarks.push(warning);
      }
    },
    write: async (given, etag) => {
      if (writes === undefined) throw new Error('a dry run reached a write');
      const next = withoutSecrets(given);
      const Body = JSON.stringify(next);
      const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
      try {
        const put = writes.s3.putObject({ ...address, ...condition, Body, ContentType: 'application/json' });
        const { ETag } = await put.catch(explain(location, place, subject));
        return { record: see(next), etag: ETag ?? '' };
      } catch (error) {
        const kind = classify(error);
        // S3 answers a conditional replace with 404: the record was deleted meanwhile (S3 API reference, PutObject).
        if (kind !== 'precondition-failed' && kind !== 'not-found') throw error;
        // The answer to our own write may have been lost and its retry refused: then the stored record is our own.
        const now = await read();
        if (now && canonical(now.record) === canonical(next)) return now;
        throw new LostRace(
          `${place} was changed by another writer${now ? `; it is at epoch ${now.record.epoch}` : ''}`,
        );
      }
    },
  };
};

const parse = (text: string, place: string, subject: Subject, ofCodeDeploy: true | undefined): ReleaseRecord => {
  try {
    return ownRecord(parseRecord(text), subject, ofCodeDeploy);
  } catch (error) {
    if (error instanceof UnreadableRecord) throw new Refusal('record-unavailable', `${place} ${error.message}`);
    if (error instanceof ForeignRecord)
      throw new Refusal(
        'foreign-record',
        `${place} ${error.message}: no endpoint was changed; find its writer (the versions of the object, CloudTrail), then restore this endpoint's own record, or delete the object while no release is live`,
      );
    throw error;
  }
};

/** A missing bucket is not a missing record: nothing could be written either. */
const explain =
  ({ bucket }: S3Location, place: string, { region }: Subject) =>
  (error: unknown): never => {
    if (error instanceof ObjectTooLarge)
      throw new Refusal('record-unavailable', `${place} is not a release record: it is ${error.message}`);
    if (error instanceof Error && error.name === 'NoSuchBucket')
      throw new Refusal(
        'record-unavailable',
        `the bucket ${bucket}, where release records are kept, does not exist: create it with \`model-delivery create-bucket\`, or set \`releases\` in the manifest to the bucket that has them; if the deliveries so far went to another region than ${region}, correct \`region\``,
      );
    if (isInAnotherRegion(error)) throw new Refusal('record-unavailable', describe(error));
    throw error;
  };
