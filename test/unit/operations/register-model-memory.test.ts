import { expect, test } from '@jest/globals';
import { digest } from '../../../src/digest.ts';
import { readMemory, writeMemory } from '../../../src/memory.ts';
import { type RegisterModelMemory, registerModel } from '../../../src/operations/register-model.ts';
import { parseEvaluation } from '../../../src/registry/evaluation.ts';
import { account, artifactUri, imageDigest, inputs, otherDigest } from '../../support/registration.ts';
import { runTurns } from '../../support/run-turns.ts';

// Memory is a hint: forged or stale, it leads to the same end as none.

// sha256sum of "the model", computed outside this suite.
const pinnedKey =
  's3://ml-releases/churn/artifacts/36cc7e3d6f6200756c81e18470827e9dac1c602fcd87761cbb0b8f015611c098.tar.gz';
const evaluation = parseEvaluation('{"regression_metrics":{"mae":{"value":0.4}}}', 'evaluation.json');

/** The token of an earlier turn, with other things put into it. */
const forged = async (aws: ReturnType<typeof account>, more: object): Promise<RegisterModelMemory> => {
  const first = await registerModel.advance(inputs(), undefined, aws.world({ dryRun: true }));
  if (first.is !== 'waiting') throw new Error('it ended before it began');
  return { ...first.memory, ...more } as RegisterModelMemory;
};
const goOn = async (aws: ReturnType<typeof account>, memory: RegisterModelMemory, changes = {}) => {
  const world = aws.world();
  const remarks: string[] = [];
  let token = writeMemory(memory);
  for (let turn = 0; turn < 20; turn++) {
    const progress = await registerModel.advance(inputs(changes), readMemory(token, 'test'), world);
    remarks.push(...(progress.remarks ?? []));
    if (progress.is === 'done') return { end: progress, remarks };
    token = writeMemory(progress.memory);
  }
  throw new Error('twenty turns and no end');
};

test('a forged digest and a forged artifact register what the inputs name', async () => {
  const aws = account();
  const ghost = 'ab'.repeat(32);
  const { end } = await goOn(
    aws,
    await forged(aws, {
      pins: { imageDigest: `sha256:${ghost}`, sha256: ghost, etag: '"none"' },
      copied: true,
      of: digest([inputs().image, { bucket: 'ml-training', key: 'job-7/output/model.tar.gz' }, true]),
    }),
  );
  expect(end).toMatchObject({ reason: 'registered', outputs: { 'image-digest': imageDigest } });
  expect(JSON.stringify(aws.packages[0]?.input)).not.toContain(ghost);
  expect(JSON.stringify(aws.packages[0]?.input)).toContain(pinnedKey);
});

test('memory from before the artifact was deleted registers nothing', async () => {
  const aws = account();
  const memory = await forged(aws, {});
  aws.objects.delete(artifactUri);
  await expect(goOn(aws, memory)).rejects.toThrow(`artifact: there is no object ${artifactUri}`);
  expect(aws.writes()).toEqual([]);
});

test('memory from before the image tag moved registers what the tag means now, and says so', async () => {
  const aws = account();
  const memory = await forged(aws, {});
  aws.images.set('111122223333/churn:1.4.0', otherDigest);
  const { end, remarks } = await goOn(aws, memory);
  expect(end).toMatchObject({ reason: 'registered', outputs: { 'image-digest': otherDigest } });
  expect(remarks).toEqual([expect.stringContaining('changed since they were planned')]);
});

test('memory of the registered content does not make other content the registered one', async () => {
  const aws = account();
  const memory = await forged(aws, {});
  await runTurns(registerModel, inputs(), aws.world());
  aws.put(artifactUri, 'another model');
  await expect(goOn(aws, memory)).rejects.toThrow('already registered with other content');
});

test('a copy that vanished is made again before the package is created', async () => {
  const aws = account();
  let deleted = false;
  const world = aws.world({
    around: async (operation, carryOut) => {
      const answer = carryOut();
      if (operation === 'PutObject' && !deleted) deleted = aws.objects.delete(pinnedKey);
      return answer;
    },
  });
  const { end } = await runTurns(registerModel, inputs({ evaluation }), world);
  expect(deleted).toBe(true);
  expect(end).toMatchObject({ reason: 'registered' });
  expect(aws.objects.get(pinnedKey)?.body).toBe('the model');
});

test('an evaluation under another evaluation’s name is not registered', async () => {
  const aws = account();
  aws.put(`s3://ml-releases/churn/evaluations/${evaluation.sha256}.json`, '{"regression_metrics":{}}');
  const { end } = await runTurns(registerModel, inputs({ evaluation }), aws.world());
  expect(end).toMatchObject({ reason: 'artifact-changed' });
  expect(aws.writes()).not.toContain('CreateModelPackage');
});

test.each([{}, { of: 7 }, { creations: 'many' }, { creations: -1 }, { creations: Number.NaN }])(
  'memory that this operation never wrote is none: %j',
  async (change) => {
    const aws = account();
    const memory = await forged(aws, change);
    const { of, creations, ...rest } = memory;
    const broken = (Object.keys(change).length === 0 ? rest : memory) as RegisterModelMemory;
    const { end } = await goOn(aws, broken);
    expect(end).toMatchObject({ outcome: 'succeeded', reason: 'registered' });
  },
);
