import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { Refusal } from '../../../src/operation.ts';
import { journal } from '../../../src/release/journal.ts';
import { begin, newRecord } from '../../../src/release/lifecycle.ts';
import type { ReleaseRecord } from '../../../src/release/record.ts';
import { LostRace, releaseStore } from '../../../src/release/store.ts';
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
    expect(error.message).toContain('epoch 9');
  });

  test('the record was deleted meanwhile', async () => {
    writings({ 'if-match': '"e1"' }).reply(404, s3Error('NoSuchKey'));
    readings().reply(404, s3Error('NoSuchKey'));
    expect(await rejection(store().write(first(), '"e1"'))).toBeInstanceOf(LostRace);
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
