import { describe, expect, test } from '@jest/globals';
import { adoptBaseline } from '../../../src/delivery/adopt-baseline.ts';
import { tagEndpoint } from '../../../src/delivery/tag-endpoint.ts';
import type { Task } from '../../../src/delivery/task.ts';
import type { Release } from '../../../src/release/record.ts';
import { configuration, release, unchanged } from '../../support/release.ts';
import { awsError, worldAt } from '../../support/stored.ts';
import { turnFrom } from '../../support/turns.ts';

const run = async (task: Task, given: Release, tags: Readonly<Record<string, string>> = {}, refused?: Error) => {
  const added: unknown[] = [];
  const remarks: string[] = [];
  const world = worldAt(
    0,
    { config: 'churn-1-1-0' },
    {
      reads: { listTags: async () => ({ Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }) },
      writes: {
        addTags: async (request: unknown) => {
          if (refused) throw refused;
          added.push(request);
        },
      },
    },
  );
  const result = await task(
    turnFrom({ world, endpoint: 'churn', release: given, remark: (line) => remarks.push(line) }),
  );
  return { result, added, remarks };
};
const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn';
const denied = awsError(
  'sagemaker:AddTags',
  'is not authorized to perform: sagemaker:AddTags',
  'AccessDeniedException',
);

describe('the tags of the manifest', () => {
  const task = tagEndpoint({ team: 'risk', cost: '7' });
  const delivered = release({ outcome: 'succeeded' });

  test('that are missing or have another value are added after a success', async () => {
    const { result, added } = await run(task, delivered, { team: 'risk', cost: '6', other: 'x' });
    expect(added).toEqual([{ ResourceArn: arn, Tags: [{ Key: 'cost', Value: '7' }] }]);
    expect(result).toEqual({ because: 'tagged churn: cost', percent: 96 });
  });

  test('that are all there need no call', async () => {
    expect(await run(task, delivered, { team: 'risk', cost: '7' })).toEqual({
      result: undefined,
      added: [],
      remarks: [],
    });
  });

  test('are not those of a version that does not serve', async () => {
    expect((await run(task, release({ outcome: 'rolled-back' }))).added).toEqual([]);
  });

  test('that AWS refuses are a remark: the version serves', async () => {
    const { result, remarks } = await run(task, delivered, {}, denied);
    expect(result).toBeUndefined();
    expect(remarks).toEqual([expect.stringMatching(/^the tags of churn were not updated: .*sagemaker:AddTags/)]);
  });

  test('an answer that time cures is no refusal', async () => {
    const throttled = awsError('sagemaker:AddTags', 'Rate exceeded', 'ThrottlingException');
    await expect(run(task, delivered, {}, throttled)).rejects.toBe(throttled);
  });
});

describe('a config of others that this release replaces', () => {
  const { version: _, ...others } = configuration('0.9.0');
  const replacing = release({ baseline: others });

  test.each([
    ['none', {}, 'churn-0-9-0'],
    ['some', { 'model-delivery:adopted': 'older  oldest' }, 'churn-0-9-0 older oldest'],
    [
      'as many as a tag holds',
      { 'model-delivery:adopted': ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(63)).join(' ') },
      `churn-0-9-0 ${['a', 'b', 'c'].map((letter) => letter.repeat(63)).join(' ')}`,
    ],
  ])('is added to the adopted ones, newest first: %s before', async (_before, tags, value) => {
    const { result, added } = await run(adoptBaseline, replacing, tags);
    expect(added).toEqual([{ ResourceArn: arn, Tags: [{ Key: 'model-delivery:adopted', Value: value }] }]);
    expect(result).toEqual({
      because: 'churn-0-9-0, made by others, is a possible target of a rollback from now on',
      percent: 7,
    });
  });

  test('exactly 256 characters are kept, one more is not', async () => {
    const rest = (length: number) => ({ 'model-delivery:adopted': 'x'.repeat(length) });
    const value = async (length: number) =>
      ((await run(adoptBaseline, replacing, rest(length))).added[0] as { Tags: { Value: string }[] }).Tags[0]?.Value;
    expect(await value(244)).toHaveLength(256);
    expect(await value(245)).toBe('churn-0-9-0');
  });

  test.each<readonly [string, Release, Readonly<Record<string, string>>]>([
    ['nothing served before', release(), {}],
    ['this suite made it', release({ baseline: configuration('1.0.0') }), {}],
    ['nothing is submitted', release({ baseline: others, submission: unchanged }), {}],
    ['it is there already', replacing, { 'model-delivery:adopted': 'x churn-0-9-0' }],
  ])('is not added when %s', async (_what, given, tags) => {
    expect(await run(adoptBaseline, given, tags)).toEqual({ result: undefined, added: [], remarks: [] });
  });

  test('is named when the tag is refused', async () => {
    const { remarks } = await run(adoptBaseline, replacing, {}, denied);
    expect(remarks).toEqual([
      expect.stringMatching(/^churn-0-9-0 is not in the tag model-delivery:adopted, so a rollback will refuse/),
    ]);
  });
});
