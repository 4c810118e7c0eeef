import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startSimulator } from '../../../../simulator/simulator.ts';
import { runWorker } from '../../../../src/hosts/codepipeline/job-worker.ts';
import { operations } from '../../../../src/operations/all.ts';
import { zipOf } from '../../../../src/rehearsal/zip.ts';
import { pipelineOf } from '../../../support/pipeline.ts';

const offered = Object.values(operations);
const ended = AbortSignal.abort();
let reported: string;
let complained: string;
beforeEach(() => {
  reported = complained = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    reported += text;
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += text;
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('the worker process', () => {
  it.each([
    ['without a region', {}, /no region/],
    [
      'with an operation that is none',
      { MODEL_DELIVERY_OPERATIONS: 'deploy-endpoint,deploy' },
      /"deploy" is not an operation; expected some of register-model/,
    ],
    ['with no jobs at once', { MODEL_DELIVERY_JOBS_AT_ONCE: '0' }, /MODEL_DELIVERY_JOBS_AT_ONCE: "0" is not a number/],
  ])('%s ends with 2', async (_, env, expected) => {
    expect(await runWorker(env, offered, ended)).toBe(2);
    expect(complained).toMatch(expected);
  });

  it('says what it works on, and ends when it is told to', async () => {
    const env = { AWS_REGION: 'eu-west-1', MODEL_DELIVERY_OPERATIONS: 'rollback, approve-gate' };
    expect(await runWorker(env, offered, ended)).toBe(0);
    expect(reported).toMatch(/^works on approve-gate, rollback\n/);
  });
});

describe('the Lambda function', () => {
  it('makes one sweep of every action type each time it is woken', async () => {
    const simulator = await startSimulator();
    const before = { ...process.env };
    try {
      Object.assign(process.env, simulator.environment());
      const { category, provider, version, ...definition } = JSON.parse(
        readFileSync('codebuild/action-types/approve-gate.json', 'utf8'),
      );
      await simulator.call('codepipeline', 'CreateCustomActionType', { category, provider, version, ...definition });
      simulator.objects.put('ml-artifacts', 'source.zip', zipOf({}));
      await simulator.call('codepipeline', 'CreatePipeline', {
        pipeline: pipelineOf(
          { name: 'woken', bucket: 'ml-artifacts', key: 'source.zip', artifact: 'Source' },
          {
            name: 'Gate',
            actionTypeId: { category, owner: 'Custom', provider, version },
            configuration: { environment: 'production', version: '1.0.0' },
          },
        ),
      });
      const { handler } = await import('../../../../codebuild/lambda/main.ts');
      await handler({});
      const requested = simulator.requests.map(({ operation }) => operation);
      expect(requested.filter((operation) => operation === 'PollForJobs')).toHaveLength(offered.length);
      // The manifest is not in the artifact: one job, one turn, one answer.
      expect(requested.filter((operation) => operation.startsWith('PutJob'))).toEqual(['PutJobFailureResult']);
      expect(reported).toMatch(
        /approve-gate {2}job [0-9a-f-]{36} {2}failed\/invalid-input: manifest: artifact Source has no file "delivery\.yml"/,
      );
      await handler({});
      expect(simulator.requests.filter(({ operation }) => operation === 'PollForJobs')).toHaveLength(
        2 * offered.length,
      );
    } finally {
      process.env = before;
      await simulator.close();
    }
  });
});
