import { describe, expect, it } from '@jest/globals';
import type { ApprovalPolicy } from '../../../../src/findings/approval-policy.ts';
import type { Evidence } from '../../../../src/findings/evidence.ts';
import { continued, ended, evidenceText, failed } from '../../../../src/hosts/codepipeline/job-answer.ts';
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

  it('shows evidence whole, and shortens the state before it', () => {
    const evidence = `Metrics: auc 0.9. ${'e'.repeat(1100)} Whole evidence: model-delivery approve-gate`;
    const summaryOf = (summary: string) => {
      const answer = continued('T', { summary, subject: undefined, evidence });
      return (answer.is === 'success' && answer.result.executionDetails?.summary) || '';
    };
    expect(summaryOf('iris_v1.0.0 waits for approval')).toBe(`iris_v1.0.0 waits for approval. ${evidence}`);
    expect(continued('T', { summary: 'waits', subject: undefined, evidence })).toMatchObject({ state: 'waits' });
    expect(summaryOf('x'.repeat(3000))).toHaveLength(2048);
    expect(summaryOf('x'.repeat(3000))).toMatch(/^x+…\. Metrics: auc .* approve-gate$/);
  });
});

describe('evidence', () => {
  const evidence: Evidence = {
    ...{ is: 'evidence', tag: 'iris_v1.4.0', state: 'a1b2c3d4e5f6', environment: 'production' },
    rules: ['One person has to approve; the manifest names no reviewers.'],
    serves: { is: 'known', value: { endpoint: 'iris', name: 'iris_v1.3.0' } },
    metrics: [{ name: 'auc', candidate: 0.9, serving: 0.8, better: 'higher' }],
    ...{ metricsLeft: 0, metricNotes: [], lineage: {} },
    changes: { is: 'unknown', because: 'two\nlines \u202e, and AWS_SECRET_ACCESS_KEY=0123456789' },
  };

  it('is one line of plain text, at most 1,200 characters, with the command for the rest at its end', () => {
    const long: Evidence = { ...evidence, rules: Array(40).fill('x'.repeat(100)) };
    const text = evidenceText(result({ findings: long })) ?? '';
    expect(text.length).toBeLessThanOrEqual(1200);
    expect(text).toMatch(
      /… Whole evidence: model-delivery approve-gate --environment production --version iris_v1.4.0 --html evidence.html$/,
    );
    const short = evidenceText(result({ findings: evidence })) ?? '';
    expect(short).toContain('Metrics: auc 0.9, serving 0.8 (+0.1 ▲ better).');
    expect(short).toContain('two\\nlines \\u202e');
    expect(short).not.toContain('0123456789');
  });

  it('is none of other findings', () => {
    expect(evidenceText(result())).toBeUndefined();
    const policy: ApprovalPolicy = { is: 'approval-policy', rules: [] };
    expect(evidenceText(result({ findings: policy }))).toBeUndefined();
  });

  it('follows the remedy of a failure, and no success', () => {
    const message = (outcome: Result['outcome']) => {
      const answer = ended(result({ outcome, reason: 'approval-pending' }), 'iris', undefined, 'the evidence');
      return answer.is === 'failure' ? answer.result.failureDetails?.message : answer.result.executionDetails?.summary;
    };
    expect(message('pending')).toMatch(/^pending\/approval-pending: .*\n.*\nthe evidence$/);
    expect(message('succeeded')).toBe('iris serves 1.4.0');
  });
});
