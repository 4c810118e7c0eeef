import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { minutes } from '../../src/clock.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { readServing } from '../../src/rehearsal/serving.ts';
import { journalKey, recordKey, releasesOf } from '../../src/release/location.ts';
import { deliver, rollouts, write } from './acts.ts';
import * as oracle from './oracle.ts';
import { openScene, type Scene } from './scene.ts';

/** The oracle of the crash tests is shown everything that it must see; a test that cannot fail proves nothing. */
let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  write(scene.account, { rollout: rollouts.rolling });
  for (const version of ['1.0.0', '1.1.0'] as const) {
    await scene.account.prepare(version);
    await deliver(scene.account, version);
  }
});
afterAll(() => scene.close());

const wrong = async (): Promise<readonly string[]> => [
  ...oracle.wrongRecord(scene, await readServing(scene.simulator, team.endpoint)),
  ...oracle.wrongJournals(scene),
  ...(await oracle.missingForRollback(scene)),
  ...(await oracle.alarmsOf(scene)),
];
const location = releasesOf({}, { id: team.account, region: team.region, partition: 'aws' });

/** Changes an object in the bucket, looks, and puts it back. */
const whenItReads = async (key: string, change: (text: string) => string): Promise<readonly string[]> => {
  const { objects } = scene.simulator;
  const before = objects.get(location.bucket, key);
  if (before === undefined) throw new Error(`${key} is not there`);
  objects.put(location.bucket, key, Buffer.from(change(before.body.toString())));
  const found = await wrong();
  objects.put(location.bucket, key, before.body);
  return found;
};

describe('the oracle sees', () => {
  test('nothing wrong where nothing is', async () => {
    expect(await wrong()).toEqual([]);
  });

  test('a release that is in the record twice, and two versions that serve at once', async () => {
    const found = await whenItReads(recordKey(location, team.endpoint), (text) => {
      const record = JSON.parse(text);
      const [first, second] = record.history;
      return JSON.stringify({
        ...record,
        ended: [...record.ended, record.ended[0]],
        history: [first, { ...second, until: undefined }],
      });
    });
    expect(found).toEqual([
      expect.stringContaining('is in the record twice'),
      expect.stringContaining('serve at once'),
    ]);
  });

  test('a journal that breaks off', async () => {
    const release = scene.account.record()?.ended[0]?.id ?? '';
    const found = await whenItReads(journalKey(location, team.endpoint, release), (text) => `${text}{"at":17`);
    expect(found).toEqual([expect.stringContaining('{"at":17')]);
  });

  test('an alarm that is left', async () => {
    const AlarmName = 'iris-1-1-0-errors';
    await scene.simulator.call('cloudwatch', 'PutMetricAlarm', {
      AlarmName,
      Namespace: 'AWS/SageMaker',
      MetricName: 'InvocationModelErrors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
    });
    expect(await wrong()).toEqual([AlarmName]);
    await scene.simulator.call('cloudwatch', 'DeleteAlarms', { AlarmNames: [AlarmName] });
  });

  test('what was made twice, and what was deleted', () => {
    const clean = new Map([['sagemaker:UpdateEndpoint', 1]]);
    const call = (operation: string): LoggedRequest => ({
      at: 0,
      service: 'sagemaker',
      operation,
      principal: '',
      resource: 'iris',
      mutation: true,
      status: 200,
      participant: 'p1',
      input: {},
    });
    const twice = oracle.changes([call('UpdateEndpoint'), call('UpdateEndpoint')]);
    expect(oracle.madeTwice(twice, clean, 1)).toEqual(['sagemaker:UpdateEndpoint was carried out 2 times, not 1']);
    expect(oracle.madeTwice(twice, clean, 2)).toEqual([]);
    expect(oracle.destroyed([call('DeleteEndpointConfig')])).toEqual(['DeleteEndpointConfig of iris']);
  });

  test('a report that is not true', async () => {
    const after = await readServing(scene.simulator, team.endpoint);
    const end = {
      outcome: 'succeeded',
      reason: 'delivered',
      because: '',
      endpointConfig: after?.endpointConfig,
      participants: [],
    };
    const facts = { before: undefined, after, mutations: 1 };
    expect(oracle.untrue(end, { ...facts, version: '1.1.0' })).toEqual([]);
    expect(oracle.untrue(end, { ...facts, version: '1.0.0' })).toEqual([
      expect.stringContaining('succeeded/delivered'),
    ]);
    expect(oracle.untrue({ ...end, outcome: undefined }, { ...facts, version: '1.1.0' })).toEqual([
      'the run reported nothing',
    ]);
  });

  test('a configuration that serves and is not what the history says, and one that a rollback would miss', async () => {
    const [, first] = scene.account.record()?.history ?? [];
    const current = scene.account.record()?.history[0]?.endpointConfig ?? '';
    await scene.simulator.call('sagemaker', 'UpdateEndpoint', {
      EndpointName: team.endpoint,
      EndpointConfigName: first?.endpointConfig ?? '',
    });
    await scene.account.pass(minutes(10));
    expect(await wrong()).toEqual([expect.stringContaining(`the history says that ${current} serves`)]);
    await scene.simulator.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName: current });
    expect(await wrong()).toContain(`endpoint config ${current} is gone`);
  });
});
