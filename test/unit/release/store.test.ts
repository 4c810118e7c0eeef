import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { loadManifest } from '../../../src/manifest/load.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { Refusal } from '../../../src/operation.ts';
import { manifestText, rehearsedTeam } from '../../../src/rehearsal/manifest.ts';
import { journal } from '../../../src/release/journal.ts';
import { begin, newRecord } from '../../../src/release/lifecycle.ts';
import type { ReleaseRecord } from '../../../src/release/record.ts';
import { LostRace, releaseStore, type StoreOptions, storeFor } from '../../../src/release/store.ts';
import { clientsFor, rejection, url } from '../../support/aws.ts';
import { release, subject } from '../../support/release.ts';

beforeAll(() => nock.disableNetConnect());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const location = { bucket: 'releases', prefix: 'model-delivery/' };
const path = '/releases/model-delivery/churn/record.json';
const s3Error = (code: string): string => `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;

const store = () => {
  const { reads, writes } = clientsFor();
  return releaseStore({ reads, writes, location, subject });
};
const readings = (times = 1) => nock(url).get(path).query(true).times(times);
const writings = (headers: Record<string, string>) => nock(url, { reqheaders: headers }).put(path).query(true);

const first = (): ReleaseRecord => {
  const begun = begin(newRecord(subject), release(), 0);
  if (begun.is === 'held') throw new Error(begun.because);
  return begun.record;
};

describe('read', () => {
  test('gives the record and its ETag', async () => {
    readings().reply(200, JSON.stringify(first()), { etag: '"e1"' });
    expect(await store().read()).toEqual({ record: first(), etag: '"e1"' });
  });

  test('no record is undefined; no bucket is a refusal that says what to do', async () => {
    readings().reply(404, s3Error('NoSuchKey'));
    expect(await store().read()).toBeUndefined();
    readings().reply(404, s3Error('NoSuchBucket'));
    const error = await rejection(store().read());
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({ reason: 'record-unavailable' });
    expect(error.message).toContain('bucket releases');
    expect(error.message).toMatch(/another region than \S+, correct `region`$/);
  });

  test('a bucket in another region is a refusal that names that region', async () => {
    readings().reply(301, s3Error('PermanentRedirect'), {
      'x-amz-bucket-region': 'us-east-2',
      'x-amz-request-id': 'R',
    });
    const error = await rejection(store().read());
    expect(error).toMatchObject({ name: 'Refusal', reason: 'record-unavailable' });
    expect(error.message).toContain('bucket releases is in us-east-2, which is not the region of the environment');
  });

  test.each([
    ['a newer schema', { ...first(), schemaVersion: 3 }, /newer version of this suite \(schema 3/],
    ['something else', { hello: 'world' }, /is not a release record/],
    ['a wrong member', { ...first(), epoch: 'one' }, /is not a release record: epoch/],
  ])('%s is refused by name and place', async (_what, content, expected) => {
    readings().reply(200, JSON.stringify(content));
    const error = await rejection(store().read());
    expect(error).toMatchObject({ reason: 'record-unavailable' });
    expect(error.message).toMatch(expected);
    expect(error.message).toContain('s3://releases/model-delivery/churn/record.json');
  });

  test('text that is no JSON is refused', async () => {
    readings().reply(200, '{"schemaVersion":1');
    expect((await rejection(store().read())).message).toContain('is not JSON');
  });

  test('a body that no record has is not held in memory', async () => {
    readings().reply(200, JSON.stringify({ ...first(), padding: 'x'.repeat(5 * 1024 * 1024) }));
    const error = await rejection(store().read());
    expect(error).toMatchObject({ reason: 'record-unavailable' });
    expect(error.message).toContain('record.json is not a release record: it is larger than 4 MB');
  });

  test.each([
    ['endpoint', { endpoint: 'prices' }, 'endpoint prices in eu-west-1, account ending in 3333'],
    ['account', { account: '999988887777' }, 'endpoint churn in eu-west-1, account ending in 7777'],
    ['region', { region: 'us-east-1' }, 'endpoint churn in us-east-1, account ending in 3333'],
  ])('the record of another %s is refused, and both are named', async (_what, other, named) => {
    readings().reply(200, JSON.stringify({ ...first(), ...other }), { etag: '"e1"' });
    const error = await rejection(store().read());
    expect(error).toMatchObject({ reason: 'foreign-record' });
    expect(error.message).toContain(
      `record.json is the record of ${named}, but this run is about endpoint churn in eu-west-1, account ending in 3333`,
    );
  });

  test('a record of an older version is known by its endpoint in any case, and is completed', async () => {
    const { account: _account, region: _region, ...older } = first();
    readings().reply(200, JSON.stringify({ ...older, endpoint: 'Churn' }), { etag: '"e1"' });
    expect((await store().read())?.record).toEqual(first());
  });

  test('keeps members that a newer writer added', async () => {
    const newer = { ...first(), later: { x: 1 } };
    readings().reply(200, JSON.stringify(newer), { etag: '"e"' });
    expect((await store().read())?.record).toEqual(newer);
  });
});

describe('write', () => {
  test('creates only where there is none, and replaces only what was read', async () => {
    writings({ 'if-none-match': '*' }).reply(200, '', { etag: '"e1"' });
    const created = await store().write(first(), undefined);
    expect(created).toEqual({ record: first(), etag: '"e1"' });
    writings({ 'if-match': '"e1"' }).reply(200, '', { etag: '"e2"' });
    expect((await store().write({ ...first(), epoch: 2 }, created.etag)).etag).toBe('"e2"');
  });

  test('another writer was first', async () => {
    writings({ 'if-match': '"e1"' }).reply(412, s3Error('PreconditionFailed'));
    readings().reply(200, JSON.stringify({ ...first(), epoch: 9 }), { etag: '"e9"' });
    const error = await rejection(store().write(first(), '"e1"'));
    expect(error).toBeInstanceOf(LostRace);
    expect(error.message).toBe(
      's3://releases/model-delivery/churn/record.json was changed by another writer; it is at epoch 9',
    );
  });

  test('the record was deleted meanwhile', async () => {
    writings({ 'if-match': '"e1"' }).reply(404, s3Error('NoSuchKey'));
    readings().reply(404, s3Error('NoSuchKey'));
    const error = await rejection(store().write(first(), '"e1"'));
    expect(error).toBeInstanceOf(LostRace);
    expect(error.message).toBe('s3://releases/model-delivery/churn/record.json was changed by another writer');
  });

  test('a lost answer is found again: the retry is refused, and what lies there is ours', async () => {
    writings({ 'if-none-match': '*' }).replyWithError(
      Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
    );
    writings({ 'if-none-match': '*' }).reply(412, s3Error('PreconditionFailed'));
    readings().reply(200, JSON.stringify(first()), { etag: '"mine"' });
    expect(await store().write(first(), undefined)).toEqual({ record: first(), etag: '"mine"' });
  });

  test('S3’s "another write is in progress" is sent again', async () => {
    writings({ 'if-match': '"e1"' }).reply(409, s3Error('ConditionalRequestConflict'));
    writings({ 'if-match': '"e1"' }).reply(200, '', { etag: '"e2"' });
    expect((await store().write(first(), '"e1"')).etag).toBe('"e2"');
  });

  test('other refusals pass as they are', async () => {
    writings({ 'if-none-match': '*' }).reply(403, s3Error('AccessDenied'));
    expect(await rejection(store().write(first(), undefined))).toMatchObject({
      name: 'AccessDenied',
      call: 's3:PutObject',
    });
  });

  test('a dry run cannot write', async () => {
    const { reads } = clientsFor();
    const readOnly = releaseStore({ reads, location, subject });
    expect((await rejection(readOnly.write(first(), undefined))).message).toContain('dry run');
  });
});

describe('journal', () => {
  const journalPath = '/releases/model-delivery/churn/releases/r1/journal.jsonl';
  const entry = { at: Date.parse('2026-01-05T09:00:00Z'), kind: 'verdict', decision: 'continue' } as const;
  const line = '{"at":"2026-01-05T09:00:00Z","kind":"verdict","decision":"continue"}\n';
  const append = () => {
    const { reads, writes } = clientsFor();
    return journal({ reads, writes, location, endpoint: 'churn', release: 'r1' })({ entries: [entry] });
  };
  const put = (headers: Record<string, string>, body: string) =>
    nock(url, { reqheaders: headers }).put(journalPath, body).query(true);

  test('begins and goes on, on condition', async () => {
    nock(url).get(journalPath).query(true).reply(404, s3Error('NoSuchKey'));
    put({ 'if-none-match': '*' }, line).reply(200);
    expect(await append()).toBeUndefined();
    nock(url).get(journalPath).query(true).reply(200, '{"kind":"plan"}\n', { etag: '"e1"' });
    put({ 'if-match': '"e1"' }, `{"kind":"plan"}\n${line}`).reply(200);
    expect(await append()).toBeUndefined();
  });

  test('does not write lines twice', async () => {
    nock(url).get(journalPath).query(true).reply(200, line, { etag: '"e1"' });
    expect(await append()).toBeUndefined();
  });

  test('what it cannot write becomes a warning', async () => {
    nock(url).get(journalPath).query(true).reply(403, s3Error('AccessDenied'));
    expect(await append()).toMatch(
      /^the journal of r1 could not be written: s3:GetObject was denied: grant s3:GetObject; or bucket releases does not belong to the account ending in 3333/,
    );
  });
});

describe('the record of an older version, in its place of then', () => {
  const former = { bucket: 'sagemaker-eu-west-1-111122223333', prefix: 'model-delivery/' };
  const formerPath = '/sagemaker-eu-west-1-111122223333/model-delivery/churn/record.json';
  const seen = async (from: Partial<StoreOptions> = { former }) =>
    releaseStore({ reads: clientsFor().reads, location, subject, ...from }).elsewhere();

  test('is named where there is one', async () => {
    nock(url).head(formerPath).reply(200);
    expect(await seen()).toBe('s3://sagemaker-eu-west-1-111122223333/model-delivery/churn/record.json');
  });

  test.each([
    ['absent', 404],
    ['forbidden: it may be another account’s by now', 403],
  ])('is not seen where it is %s', async (_what, status) => {
    nock(url).head(formerPath).reply(status, undefined, { 'x-amz-request-id': 'r' });
    expect(await seen()).toBeUndefined();
  });

  test('is not known to be absent when S3 could not answer: two records of one endpoint would be two truths', async () => {
    nock(url).head(formerPath).reply(400);
    expect(await rejection(seen())).toMatchObject({ call: 's3:HeadObject' });
  });

  test('is not looked for where the manifest has always named the bucket', async () => {
    expect(await seen({})).toBeUndefined();
  });
});

describe('the store of an environment', () => {
  const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' } as const;
  const manifest = (releases = ''): Manifest =>
    loadManifest(
      manifestText().replace(
        /^( *)endpoint:$/m,
        (line, indent) => `${releases ? `${indent}releases: ${releases}\n` : ''}${line}`,
      ),
      'delivery.yml',
    );
  const open = (given: Manifest, dry = false) => {
    const { reads, writes } = clientsFor();
    const world = { read: reads, ...(dry ? {} : { write: writes }), account } as Parameters<typeof storeFor>[1];
    return storeFor({ manifest: given, environment: rehearsedTeam.environment }, world);
  };
  const { endpoint } = rehearsedTeam;

  test('is the default bucket, and then a record of an older version is looked for', async () => {
    const found = open(manifest());
    expect(found.uri).toBe(`s3://model-delivery-111122223333-eu-west-1/${endpoint}/record.json`);
    expect(found.subject).toEqual({ endpoint, account: '111122223333', region: 'eu-west-1' });
    nock(url).head(`/sagemaker-eu-west-1-111122223333/model-delivery/${endpoint}/record.json`).reply(200);
    expect(await found.elsewhere()).toBe(
      `s3://sagemaker-eu-west-1-111122223333/model-delivery/${endpoint}/record.json`,
    );
  });

  test('is the manifest’s bucket, which never had another', async () => {
    const found = open(manifest('s3://team/ml/'));
    expect(found.uri).toBe(`s3://team/ml/${endpoint}/record.json`);
    expect(await found.elsewhere()).toBeUndefined();
  });

  test('writes with the clients of the run; a dry run has none', async () => {
    const address = `/model-delivery-111122223333-eu-west-1/${endpoint}/record.json`;
    nock(url, { reqheaders: { 'if-none-match': '*' } })
      .put(address)
      .query(true)
      .reply(200, '', { etag: '"e1"' });
    expect((await open(manifest()).write(first(), undefined)).etag).toBe('"e1"');
    expect((await rejection(open(manifest(), true).write(first(), undefined))).message).toContain('dry run');
  });
});

describe('what a turn notes', () => {
  const journalOf = (release: string) => `/releases/model-delivery/churn/releases/${release}/journal.jsonl`;
  const at = Date.parse('2026-01-05T09:00:00Z');
  const plan = { at, kind: 'plan' } as const;
  const pause = { at, kind: 'command', command: 'pause' } as const;
  const verdict = { decision: 'hold', because: 'no metrics' };
  const line = (entry: object): string => `${JSON.stringify({ ...entry, at: '2026-01-05T09:00:00Z' })}\n`;
  const begins = (release: string, body: string) => {
    nock(url).get(journalOf(release)).query(true).reply(404, s3Error('NoSuchKey'));
    nock(url).put(journalOf(release), body).query(true).reply(200);
  };

  test('is written once for the whole turn, in its order, with the judge’s verdict', async () => {
    const open = store();
    open.note('r1', plan);
    open.witness('r1', { at, buckets: [], verdict });
    open.note('r1', pause);
    begins('r1', `${line({ at, kind: 'verdict', ...verdict })}${line(plan)}${line(pause)}`);
    await open.keepJournal();
    // Kept: the next turn does not write them again.
    await open.keepJournal();
    expect(open.remarks).toEqual([]);
  });

  test('of two releases goes to the journal of each', async () => {
    const open = store();
    open.note('r1', pause);
    open.note('r2', plan);
    begins('r1', line(pause));
    begins('r2', line(plan));
    await open.keepJournal();
  });

  test('and cannot be kept is a remark beside the release, which goes on', async () => {
    const open = store();
    open.remark('the first');
    open.note('r1', plan);
    nock(url).get(journalOf('r1')).query(true).reply(403, s3Error('AccessDenied'));
    await open.keepJournal();
    expect(open.remarks).toEqual(['the first', expect.stringContaining('the journal of r1 could not be written')]);
  });

  test('in a dry run is a defect of the caller: it changes nothing, so it has nothing to note', async () => {
    const readOnly = releaseStore({ reads: clientsFor().reads, location, subject });
    expect(() => readOnly.note('r1', plan)).toThrow('a dry run reached a write');
    expect(() => readOnly.witness('r1', { at, buckets: [], verdict })).toThrow('a dry run reached a write');
    await readOnly.keepJournal();
  });
});
