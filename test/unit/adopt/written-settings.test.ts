import { expect, test } from '@jest/globals';
import type { Found } from '../../../src/adopt/found.ts';
import { basisOf, countIn, writtenSettings } from '../../../src/adopt/written-settings.ts';
import { account, foundWith } from '../../support/found.ts';

const written = (found: Found) => writtenSettings({ account, found, model: 'churn' }, basisOf(found, account));
const withRole = (ExecutionRoleArn: string) =>
  written(foundWith({ model: { ExecutionRoleArn } })).keys['execution-role'];

test('a role of this account has its name; one with a path, or of another account, its ARN', () => {
  expect(withRole('arn:aws:iam::111122223333:role/churn-serving')).toBe('churn-serving');
  for (const arn of ['arn:aws:iam::111122223333:role/service-role/churn', 'arn:aws:iam::444455556666:role/churn'])
    expect(withRole(arn)).toBe(arn);
});

test('data capture that is off stays off: the manifest has no word for it, and loses nothing', () => {
  const DataCaptureConfig = {
    EnableCapture: false,
    InitialSamplingPercentage: 10,
    DestinationS3Uri: 's3://ml-capture/churn',
    CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
  };
  expect(written(foundWith({ config: { DataCaptureConfig } }))).toMatchObject({ remarks: [] });
  const on = foundWith({ config: { DataCaptureConfig: { ...DataCaptureConfig, EnableCapture: true } } });
  expect(written(on).keys['data-capture']).toEqual({
    s3: 's3://ml-capture/churn',
    'sampling-percent': 10,
    capture: ['input', 'output'],
  });
});

test('a member that the manifest cannot have does not take its mapping with it', () => {
  const found = foundWith({
    config: {
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 10,
        DestinationS3Uri: 's3://ml-capture/churn',
        CaptureOptions: [{ CaptureMode: 'Input' }],
        CaptureContentTypeHeader: { CsvContentTypes: ['no content type'] },
      },
    },
  });
  const { keys, remarks } = written(found);
  expect(keys['data-capture']).toMatchObject({ s3: 's3://ml-capture/churn', capture: ['input'] });
  expect(remarks).toEqual([expect.stringContaining('data-capture.csv-content-types could not be written: ')]);
});

test('variables that may be secrets are named and never written', () => {
  const Environment = { MODE: 'strict', API_TOKEN: 'abcdefgh1234', KEY: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY01' };
  const { keys, remarks } = written(foundWith({ container: { Environment } }));
  expect(keys['environment']).toEqual({ MODE: 'strict' });
  expect(remarks).toEqual([expect.stringMatching(/^Write by hand under environment: API_TOKEN, KEY\. /)]);
  expect(JSON.stringify({ keys, remarks })).not.toMatch(/abcdefgh1234|wJalrX/);
});

test("the team's tags are written, and neither AWS's nor the suite's", () => {
  const tags = new Map([
    ['team', 'retention'],
    ['aws:cloudformation:stack-name', 'churn'],
    ['model-delivery:releases', 's3://x/churn/record.json'],
    ['token', 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY01'],
  ]);
  const { keys, remarks } = written(foundWith({}, { tags }));
  expect(keys['tags']).toEqual({ team: 'retention' });
  expect(remarks).toEqual(['tag token could not be written: its value may be a secret']);
});

test('the count is that of the fleet, unless something scales it', () => {
  const found = foundWith();
  const [one] = found.look.live.variants;
  if (one === undefined) throw new Error('no variant');
  const scaled = {
    ...found,
    look: { ...found.look, live: { ...found.look.live, variants: [{ ...one, desired: 7 }] } },
  };
  expect(countIn(scaled)).toBe(7);
  const scaling = {
    resourceId: 'endpoint/churn/variant/main',
    minCapacity: 2,
    maxCapacity: 8,
    suspended: { scaleIn: false, scaleOut: false, scheduled: false },
    policies: [],
    scheduledActions: [],
  };
  expect(countIn({ ...scaled, scaling })).toBe(4);
});
