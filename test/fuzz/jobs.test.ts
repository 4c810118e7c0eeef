import { expect, test } from '@jest/globals';
import type { JobData } from '../../src/aws/codepipeline.ts';
import { minutes } from '../../src/clock.ts';
import type { JobAnswer } from '../../src/hosts/codepipeline/job-answer.ts';
import { longestToken, readToken } from '../../src/hosts/codepipeline/job-token.ts';
import { answerJob } from '../../src/hosts/codepipeline/job-turn.ts';
import { readMemory } from '../../src/memory.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { InputError } from '../../src/schema.ts';
import { countingOperation, type FakeEndpoint } from '../support/fake-operation.ts';
import { fakeSession } from '../support/fake-world.ts';
import { budget, junk, mutated, mutatedText } from '../support/fuzz.ts';
import { fc } from '../support/properties.ts';
import { virtualClock } from '../support/virtual-clock.ts';

// What CodePipeline gives a worker: whatever is in it, the job gets an answer, and never one that says that the suite is broken.

const start = Date.parse('2026-01-05T09:00:00Z');
const token = `1.${start.toString(36)}.${(start - minutes(5)).toString(36)}.w30.{"v":1,"seen":1}`;

const data: JobData = {
  actionTypeId: { category: 'Deploy', owner: 'Custom', provider: 'md-deploy-endpoint', version: '1' },
  actionConfiguration: {
    configuration: { subject: 'sheep', 'further-inputs': '{pace: fast, loud: true}', timeout: '2h' },
  },
  pipelineContext: {
    pipelineName: 'flock',
    pipelineExecutionId: '0b1c',
    stage: { name: 'Count' },
    action: { name: 'Count', actionExecutionId: 'e1' },
  },
  inputArtifacts: [
    {
      name: 'Field',
      revision: 'c0ffee',
      location: { type: 'S3', s3Location: { bucketName: 'b', objectKey: 'k.zip' } },
    },
  ],
  outputArtifacts: [],
  artifactCredentials: { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't' },
  continuationToken: token,
};

const answer = async (job: unknown, operation = countingOperation({ count: 3, mutations: [] })): Promise<JobAnswer> => {
  const given = await answerJob(operation as Parameters<typeof answerJob>[0], job as JobData, {
    // Nothing listens there: an artifact that is asked for cannot be had.
    env: { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    clock: virtualClock(start),
    calls: { getPipelineExecution: async () => ({ $metadata: {} }) },
    openSession: fakeSession(),
  });
  // Only the job of an event may have its answer already.
  if (given === undefined) throw new Error('no answer');
  return given;
};

const expectAnswer = (given: JobAnswer): void => {
  if (given.is === 'failure') {
    expect(given.result.failureDetails?.message).not.toContain('internal-error');
    return;
  }
  const { continuationToken, outputVariables } = given.result;
  if (continuationToken === undefined) {
    // Accepted: then it says so with all that a pipeline reads.
    expect(outputVariables).toMatchObject({ outcome: 'succeeded' });
    return;
  }
  expect(continuationToken.length).toBeLessThanOrEqual(longestToken);
  const next = readToken(continuationToken);
  // Whatever the job brought, the next one is due within the action's life.
  expect(next?.notBefore).toBeLessThanOrEqual(start + minutes(25 * 60));
};

test('a job', async () => {
  await fc.assert(
    fc.asyncProperty(mutated(data), async (job) => expectAnswer(await answer(job))),
    budget(),
  );
});

test('a job of the real operations, with files that cannot be had', async () => {
  const configuration = {
    environment: 'production',
    version: '1.4.0',
    'further-inputs': '{manifest: "Field::delivery.yml"}',
  };
  const job = { ...data, actionConfiguration: { configuration }, continuationToken: undefined };
  await fc.assert(
    fc.asyncProperty(mutated(job), fc.constantFrom(deployEndpoint, approveGate), async (changed, operation) => {
      const given = await answer(changed, operation as never);
      expectAnswer(given);
      // Nothing of the manifest was ever read, so nothing may succeed.
      expect(given.is === 'failure' || given.result.continuationToken !== undefined).toBe(true);
    }),
    budget(0.3),
  );
});

test('what a job asks for is done only when it asks for it', async () => {
  const configuration = fc.dictionary(
    fc.constantFrom('subject', 'pace', 'loud', 'note', 'timeout', 'dry-run', 'further-inputs', 'x', '__proto__'),
    fc.oneof(fc.constantFrom('sheep', 'true', 'fast', '10m', '{note: a}', '[', '&a [*a]'), junk),
  );
  await fc.assert(
    fc.asyncProperty(configuration, async (given) => {
      const fakeEndpoint: FakeEndpoint = { count: 2, mutations: [] };
      const end = await answer(
        { ...data, actionConfiguration: { configuration: given } },
        countingOperation(fakeEndpoint),
      );
      expectAnswer(end);
      const subject = Object.hasOwn(given, 'subject') ? given['subject'] : undefined;
      const further = JSON.stringify(given['further-inputs'] ?? '');
      if (fakeEndpoint.mutations.some((mutation) => mutation.startsWith('count')))
        expect((typeof subject === 'string' && /^[a-z]+$/.test(subject)) || further.includes('subject')).toBe(true);
    }),
    budget(),
  );
});

test('a dry run whose job brings memory plans, as without it', async () => {
  const configuration = { subject: 'sheep', 'dry-run': 'true' };
  const fakeEndpoint: FakeEndpoint = { count: 2, mutations: [] };
  const end = await answer({ ...data, actionConfiguration: { configuration } }, countingOperation(fakeEndpoint));
  expect(end).toMatchObject({ is: 'success', result: { outputVariables: { 'reason-code': 'planned' } } });
  expect(fakeEndpoint.mutations).toEqual([]);
});

test('a continuation token', async () => {
  const text = fc.oneof(
    mutatedText(token),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.stringMatching(/^[0-9a-z]{1,20}$/), fc.stringMatching(/^[0-9a-z]{1,20}$/))
      .map(([due, from]) => `1.${due}.${from}.p7.`),
    fc.nat({ max: 100_000 }).map((depth) => `1.a.b.w1.{"v":1,"a":${'['.repeat(depth / 10)}`),
  );
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      const read = readToken(given);
      if (read !== undefined) {
        for (const number of [read.notBefore, read.startedAt, read.percent])
          expect(Number.isSafeInteger(number)).toBe(true);
        expect(read.percent).toBeLessThanOrEqual(100);
      }
      expectAnswer(await answer({ ...data, continuationToken: given }));
    }),
    budget(),
  );
});

test('memory', () => {
  const text = fc.oneof(
    mutatedText('{"v":1,"release":"churn-1.4.0-1a2b"}'),
    junk.map((value) => JSON.stringify(value) ?? ''),
    fc.string({ unit: 'binary' }),
    fc.nat({ max: 100_000 }).map((depth) => `{"v":1,"a":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        expect(readMemory(given, 'resume-token')).toMatchObject({ v: 1 });
        expect(given.length).toBeLessThanOrEqual(2048);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    budget(),
  );
});
