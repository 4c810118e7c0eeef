import { describe, expect, it } from '@jest/globals';
import { continued, ended, failed } from '../../../../src/hosts/codepipeline/job-answer.ts';
import { type ReasonCode, reasonCodes } from '../../../../src/reason-codes.ts';
import type { Result } from '../../../../src/report/result.ts';

const result = (more: Partial<Result> = {}): Result => ({
  'schema-version': 1,
  operation: 'deploy-endpoint',
  outcome: 'succeeded',
  reason: 'delivered',
  because: 'iris serves 1.4.0',
  outputs: { version: '1.4.0', 'endpoint-config': 'iris-1-4-0' },
  dryRun: false,
  startedAt: '2026-01-05T09:00:00Z',
  endedAt: '2026-01-05T09:30:00Z',
  ...more,
});
const detailsOf = (code: ReasonCode, because = 'x') => {
  const answer = failed({ outcome: reasonCodes[code].outcome, reason: code, because }, 'iris');
  return answer.is === 'failure' ? answer.result.failureDetails : undefined;
};

describe('a success', () => {
  it('has the outputs as variables CodePipeline takes, and is about the endpoint', () => {
    const answer = ended(result(), 'iris');
    expect(answer).toMatchObject({
      is: 'success',
      result: {
        executionDetails: { summary: 'iris serves 1.4.0', percentComplete: 100, externalExecutionId: 'iris' },
        outputVariables: {
          version: '1.4.0',
          'endpoint-config': 'iris-1-4-0',
          outcome: 'succeeded',
          'reason-code': 'delivered',
        },
      },
    });
    const names = Object.keys((answer.is === 'success' && answer.result.outputVariables) || {});
    // CodePipeline API: OutputVariablesKey.
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9@\-_]+$/);
  });

  it('leaves the result out when it is too large', () => {
    const answer = ended(result({ because: 'x'.repeat(130_000) }), undefined);
    const variables = (answer.is === 'success' && answer.result.outputVariables) || {};
    expect(Object.keys(variables)).toEqual(['version', 'endpoint-config', 'outcome', 'reason-code']);
  });
});

describe('a failure', () => {
  it('says outcome and reason first, within 5,000 characters', () => {
    expect(detailsOf('alarm', 'the alarm went off')).toMatchObject({
      type: 'JobFailed',
      externalExecutionId: 'iris',
      message: expect.stringMatching(/^rolled-back\/alarm: the alarm went off\nLook at/),
    });
    expect(detailsOf('alarm', 'x'.repeat(6000))?.message).toHaveLength(5000);
  });

  it('names no account', () => {
    expect(detailsOf('aws-error', 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/iris')?.message).toMatch(
      /^failed\/aws-error: endpoint\/iris/,
    );
  });

  it.each(Object.keys(reasonCodes) as ReasonCode[])('%s has a type', (code) => {
    const type = detailsOf(code)?.type;
    const isBadInput = 'badInput' in reasonCodes[code];
    const isPermission = /^(access-denied|credentials-.*)$/.test(code);
    expect(type).toBe(isPermission ? 'PermissionError' : isBadInput ? 'ConfigurationError' : 'JobFailed');
  });
});

describe('a continuation', () => {
  it('shows how far it is, cut to what CodePipeline takes', () => {
    expect(continued('T')).toEqual({ is: 'success', result: { continuationToken: 'T' } });
    expect(continued('T', { summary: 'x'.repeat(3000), percent: 40.4, subject: undefined })).toEqual({
      is: 'success',
      result: { continuationToken: 'T', executionDetails: { summary: `${'x'.repeat(2047)}…`, percentComplete: 40 } },
    });
  });
});
