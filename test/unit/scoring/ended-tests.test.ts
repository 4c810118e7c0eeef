import { describe, expect, test } from '@jest/globals';
import { endedTests, factsOf, keepEnded, mark, packageMark } from '../../../src/scoring/ended-tests.ts';
import { type Subject, subjectId } from '../../../src/scoring/subject.ts';
import { objectsInMemory } from '../../support/objects-in-memory.ts';

const releases = { bucket: 'b', prefix: 'p/' };
const subject = (policy = 'cc'): Subject => ({
  endpoint: 'churn',
  ...{ package: 'aa'.repeat(32), dataset: 'bb'.repeat(32), policy: policy.repeat(32), baseline: 'none' },
});
const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7';
const ended = (decidedAt: number, attempt = 1) => ({
  ...{ verdict: 'pass' as const, ofServing: false, attempt, decidedAt, golden: mark('g'), package: packageMark(arn) },
  ...{ tag: 'churn_v1.4.0', version: '1.4.0' },
});

describe('the tests of an endpoint that ended', () => {
  test('are listed newest first, with their facts, over all pages', async () => {
    const { world } = objectsInMemory(2);
    for (const at of [1000, 3000, 2000, 5000, 4000]) await keepEnded(world, releases, subject(), ended(at, at / 1000));
    const found = await endedTests(world, releases, 'churn');
    expect(found.map(({ attempt }) => attempt)).toEqual([5, 4, 3, 2, 1]);
    expect(found[0]).toMatchObject({
      verdict: 'pass',
      ofServing: false,
      subject: subjectId(subject()),
      golden: mark('g'),
    });
    const [newest] = found;
    expect(newest && (await factsOf(world, releases, newest))).toMatchObject({ tag: 'churn_v1.4.0', decidedAt: 5000 });
    expect(await endedTests(world, releases, 'chur')).toEqual([]);
  });

  test('count once when a run that was killed between entry and verdict writes a second entry', async () => {
    const { world, objects } = objectsInMemory();
    await keepEnded(world, releases, subject(), ended(1000));
    await keepEnded(world, releases, subject(), ended(2000));
    await keepEnded(world, releases, subject('dd'), ended(1500));
    expect(objects.size).toBe(3);
    expect((await endedTests(world, releases, 'churn')).map(({ subject: id }) => id)).toEqual(
      [subject(), subject('dd')].map(subjectId),
    );
  });

  test('are the ten thousand newest at most', async () => {
    const { world, objects } = objectsInMemory();
    for (let at = 1; at <= 10_050; at++) {
      const key = `p/churn/regression/ended/${String(at).padStart(13, '0')}-pass-new-${mark('p')}-${mark('g')}-${mark('s')}-${at}`;
      objects.set(key, '{}');
    }
    const found = await endedTests(world, releases, 'churn');
    expect(found).toHaveLength(10_000);
    expect(found.at(-1)?.attempt).toBe(10_000);
  });

  test('of the same package are found however its group is spelled', () => {
    expect(packageMark(arn.replace('churn/7', 'Churn/7'))).toBe(packageMark(arn));
  });

  test.each(['x', '0-pass', `9999999999999-good-new-${mark('a')}-${mark('b')}-${mark('c')}-1`, '../1/test.json'])(
    'do not include an object of the name %s',
    async (name) => {
      const { world, objects } = objectsInMemory();
      objects.set(`p/churn/regression/ended/${name}`, '{}');
      expect(await endedTests(world, releases, 'churn')).toEqual([]);
    },
  );

  test.each(['no JSON', '{}', '{"schemaVersion":1,"tag":7,"version":"1","decidedAt":1}'])(
    'have no facts in %s',
    async (text) => {
      const { world, objects } = objectsInMemory();
      await keepEnded(world, releases, subject(), ended(1000));
      const [key = ''] = objects.keys();
      objects.set(key, text);
      const [entry] = await endedTests(world, releases, 'churn');
      if (entry === undefined) throw new Error('no entry');
      await expect(factsOf(world, releases, entry)).rejects.toMatchObject({ reason: 'record-unavailable' });
      objects.delete(key);
      expect(await factsOf(world, releases, entry)).toBeUndefined();
    },
  );
});
