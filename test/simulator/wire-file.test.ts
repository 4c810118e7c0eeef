import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type WireEntry, wireWriter } from '../../simulator/request-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'wire-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const exchange = (
  body: string,
  more: { readonly status?: number; readonly id?: string; readonly asked?: string } = {},
): WireEntry => ({
  number: 1,
  service: 'sagemaker',
  operation: 'DescribeEndpoint',
  protocol: 'json',
  answeredBy: 'operation',
  request: {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { authorization: `${more.id}`, 'x-amz-target': 'SageMaker.DescribeEndpoint' },
    body: Buffer.from(more.asked ?? '{"EndpointName":"churn"}'),
  },
  answer: {
    status: more.status ?? 200,
    headers: { 'x-amzn-requestid': `${more.id}` },
    body: Buffer.from(body, 'latin1'),
  },
});

/** Whether the lines of two exchanges say that they are alike. */
const alike = (...both: readonly [WireEntry, WireEntry]): boolean => {
  const file = join(folder, `${files++}.jsonl`);
  const write = wireWriter(file);
  for (const one of both) write(one);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(2);
  // The verifier reads this without the rest of the line.
  const [one, other] = lines.map((line) => /^{"alike":"([0-9a-f]+)"/.exec(line)?.[1]);
  expect(one).toBeDefined();
  return one === other;
};

test.each([
  ['seconds', '{"LastModifiedTime":1767605400.5}', '{"LastModifiedTime":1767605461.2}'],
  ['ISO 8601', '<Expiration>2026-01-05T09:30:00Z</Expiration>', '<Expiration>2026-01-05T10:30:00Z</Expiration>'],
  ['CBOR', 'a\xc1\xfb\x41\xda\x56\xe0\x66\x20\x00\x00', 'a\xc1\xfb\x41\xda\x56\xe0\x75\x30\x00\x00'],
])('exchanges are alike when they differ in time and id alone: %s', (_, one, other) => {
  expect(alike(exchange(one, { id: 'one' }), exchange(other, { id: 'other' }))).toBe(true);
});

test.each<[string, WireEntry]>([
  ['a value', exchange('{"Weight":1,"At":1767605400}')],
  ['a time in another form', exchange('{"Weight":0,"At":"2026-01-05T09:30:00Z"}')],
  ['a time that is no number', exchange('{"Weight":0,"At":"1767605400.123"}')],
  ['the status', exchange('{"Weight":0,"At":1767605400}', { status: 400 })],
  ['the request', exchange('{"Weight":0,"At":1767605400}', { asked: '{"EndpointName":"other"}' })],
])('exchanges are not alike when they differ in %s', (_, other) => {
  expect(alike(exchange('{"Weight":0,"At":1767605400}'), other)).toBe(false);
});
