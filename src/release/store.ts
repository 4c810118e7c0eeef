import type { AwsReads, AwsWrites } from '../aws/clients.ts';
import { classify, orUndefined } from '../aws/errors.ts';
import { canonical } from '../digest.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal, type Remarks } from '../operation.ts';
import { withoutSecrets } from '../secrets.ts';
import { type Evidence, type JournalEntry, journal, type Noted } from './journal.ts';
import { recordKey } from './location.ts';
import type { ReleaseRecord } from './record.ts';
import { parseRecord, UnreadableRecord } from './record-schema.ts';

/** A record as it lay in S3, and what a conditional write of its successor needs. */
export interface StoredRecord {
  readonly record: ReleaseRecord;
  readonly etag: string;
}

/** Somebody else wrote the record first. Nothing was written: read again, decide again. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
}

export interface ReleaseStore {
  readonly endpoint: string;
  /** `s3://bucket/prefix/<endpoint>/record.json`. */
  readonly uri: string;
  /** @throws {Refusal} `record-unavailable` */
  read(): Promise<StoredRecord | undefined>;
  /**
   * @param etag of the record this one follows; undefined: there was none
   * @returns what now lies there
   * @throws {LostRace}
   */
  write(next: ReleaseRecord, etag: string | undefined): Promise<StoredRecord>;
  /** Adds a line to a release's journal, written by `keepJournal`. */
  note(release: string, entry: JournalEntry): void;
  /** Adds what of the evidence is not in a release's journal yet. */
  witness(release: string, evidence: Evidence): void;
  /** Writes what was noted, once for all of a turn. Never throws: what could not be kept is in `remarks`. */
  keepJournal(): Promise<void>;
  /** What went wrong beside the release and is to be told with it. */
  remark(sentence: string): void;
  readonly remarks: Remarks;
}

export interface StoreOptions {
  readonly reads: Pick<AwsReads, 's3'>;
  /** Absent in a dry run. */
  readonly writes?: Pick<AwsWrites, 's3'>;
  readonly location: S3Location;
  readonly endpoint: string;
}

/** The release record of one endpoint: compare-and-swap by S3's conditional writes (DESIGN §8). */
export const releaseStore = ({ reads, writes, location, endpoint }: StoreOptions): ReleaseStore => {
  const address = { Bucket: location.bucket, Key: recordKey(location, endpoint) };
  const place = `s3://${address.Bucket}/${address.Key}`;

  const read = async (): Promise<StoredRecord | undefined> => {
    const found = await orUndefined(reads.s3.getObject(address).catch(explain(location)));
    return found && { record: parse(found.text, place), etag: found.etag };
  };

  const remarks: string[] = [];
  const noted = new Map<string, Noted>();
  const add = (release: string, change: (before: Noted) => Noted): void => {
    if (writes === undefined) throw new Error('a dry run reached a write');
    noted.set(release, change(noted.get(release) ?? { entries: [] }));
  };
  return {
    endpoint,
    uri: place,
    read,
    remarks,
    remark: (sentence) => {
      remarks.push(sentence);
    },
    note: (release, entry) => add(release, (before) => ({ ...before, entries: [...before.entries, entry] })),
    witness: (release, evidence) => add(release, (before) => ({ ...before, evidence })),
    keepJournal: async () => {
      const waiting = [...noted];
      noted.clear();
      for (const [release, lines] of waiting) {
        if (writes === undefined) return;
        const warning = await journal({ reads, writes, location, endpoint, release })(lines);
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
        const { ETag } = await put.catch(explain(location));
        return { record: next, etag: ETag ?? '' };
      } catch (error) {
        const kind = classify(error);
        // 404 to a conditional replace: the record was deleted meanwhile (S3 API reference, PutObject).
        if (kind !== 'precondition-failed' && kind !== 'not-found') throw error;
        // The answer to our own write may have been lost and its retry refused: then what lies there is what we wrote.
        const now = await read();
        if (now && canonical(now.record) === canonical(next)) return now;
        throw new LostRace(
          `${place} was changed by another writer${now ? `; it is at epoch ${now.record.epoch}` : ''}`,
        );
      }
    },
  };
};

const parse = (text: string, place: string): ReleaseRecord => {
  try {
    return parseRecord(text);
  } catch (error) {
    if (error instanceof UnreadableRecord) throw new Refusal('record-unavailable', `${place} ${error.message}`);
    throw error;
  }
};

/** A bucket that is not there is no absent record: nothing could be written either. */
const explain =
  ({ bucket }: S3Location) =>
  (error: unknown): never => {
    if (error instanceof Error && error.name === 'NoSuchBucket')
      throw new Refusal(
        'record-unavailable',
        `the bucket ${bucket}, where release records are kept, does not exist: create it, or set \`releases\` in the manifest`,
      );
    throw error;
  };
