import { describe, expect, test } from '@jest/globals';
import { desired, settingsOfDesired } from '../../../src/endpoint/desired.ts';
import type { Serving } from '../../../src/endpoint/serving.ts';
import { publishingChanges, swapBetween } from '../../../src/mechanisms/setting-changes.ts';
import type { World } from '../../../src/world.ts';
import { churnSpec } from '../../support/planning.ts';
import { awsError } from '../../support/stored.ts';

const wanted = desired({
  account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
  group: 'churn',
  version: '1.1.0',
  packageVersion: 7,
  spec: churnSpec,
  variant: 'main',
  instanceCount: 2,
  attempt: 1,
});

/** The lines about the endpoint config, which has the settings of the one that serves. */
const linesWhere = async (exists: boolean): Promise<readonly unknown[]> => {
  const describe = (operation: string) => async () => {
    if (!exists) throw awsError(operation, 'Could not find it.');
    return {};
  };
  const world = {
    read: {
      sagemaker: {
        describeModel: describe('sagemaker:DescribeModel'),
        describeEndpointConfig: describe('sagemaker:DescribeEndpointConfig'),
      },
    },
  } as unknown as World;
  const before = { endpointConfig: 'theirs', settings: settingsOfDesired(wanted) } as never;
  const compared = { before, kept: { settings: [] }, lost: [], unfit: [] };
  const [, config] = await publishingChanges(world, { wanted, compared, model: [], config: [] });
  return [config?.verb, config?.details];
};

describe('a config with every setting of the one that serves', () => {
  test('is created again, and says so', async () => {
    expect(await linesWhere(false)).toEqual([
      'create',
      [expect.stringMatching(/^every setting as in theirs; created/)],
    ]);
  });

  test('that exists is not created', async () => {
    expect(await linesWhere(true)).toEqual(['reuse', []]);
  });
});

describe('a way back to a config that captures less data', () => {
  const DestinationS3Uri = 's3://ml-artifacts/seen';
  const capturing = (DataCaptureConfig: object | undefined): Serving => {
    const settings = settingsOfDesired(wanted);
    return {
      endpointConfig: 'theirs',
      settings: { ...settings, config: { ...settings.config, ...(DataCaptureConfig ? { DataCaptureConfig } : {}) } },
    } as unknown as Serving;
  };
  const full = capturing({ EnableCapture: true, InitialSamplingPercentage: 20, DestinationS3Uri });

  test.each([
    ['nothing', undefined, 'does not have it'],
    ['0 %', { EnableCapture: true, InitialSamplingPercentage: 0, DestinationS3Uri }, 'has it at 0 %'],
    [
      'a capture that is off',
      { EnableCapture: false, InitialSamplingPercentage: 20, DestinationS3Uri },
      'has it switched off',
    ],
  ])('notes the loss: %s', (_what, less, said) => {
    expect(swapBetween(full, capturing(less)).notes).toEqual([`PROTECTION REMOVED: data capture: theirs ${said}`]);
  });
});
