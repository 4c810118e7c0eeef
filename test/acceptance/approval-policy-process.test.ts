import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StepResult } from '../../src/rehearsal/driver.ts';
import { openStage, type Stage } from '../../src/rehearsal/stage.ts';
import { accuracy, decisionsIn, packageOf } from '../support/approval-policy.ts';

/** The bundle of the action as a process, against the simulator: requests are those that it sent. */

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const foreign = '`x` <b>##[error]</b>';

const gate = async (rules: readonly string[], inputs: Readonly<Record<string, string>> = {}) => {
  stage.writeManifest({ approval: `policy:\n${rules.map((rule) => `  - ${rule}\n`).join('')}` });
  const release = await stage.begin('A version is registered, and the gate decides', '1.1.0');
  await release.register();
  const from = stage.simulator.requests.length;
  const step = await release.run('approve-gate', { mode: 'policy', junit: 'gate.xml', ...inputs });
  const requests = stage.simulator.requests.slice(from);
  const junit = join(stage.workspace, 'gate.xml');
  return {
    step,
    sent: decisionsIn(requests),
    mutations: requests.filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole'),
    junit: existsSync(junit) ? readFileSync(junit, 'utf8') : '',
  };
};

const endOf = ({ outputs }: StepResult): string => `${outputs['outcome']}/${outputs['reason-code']}`;

const holds = `{ metric: ${accuracy}, at-least: 0.9 }`;
const broken = `{ metric: ${accuracy}, at-least: 0.97 }`;
const open = `{ metric: ["${foreign}"], at-least: 0.9 }`;

test.each([
  [
    'holds',
    [holds],
    'succeeded/approved',
    'Approved',
    'policy: 1 of 1 rule holds; multiclass_classification_metrics.accuracy is 0.96, at least 0.9',
    0,
  ],
  [
    'is broken',
    [holds, broken],
    'rejected/approval-rejected',
    'Rejected',
    'policy: 1 of 2 rules holds, 1 broken; broken: multiclass_classification_metrics.accuracy is 0.96, at least 0.97; multiclass_classification_metrics.accuracy is 0.96, at least 0.9',
    1,
  ],
] as const)('a rule %s: one request with exactly these members', async (_name, rules, end, status, words, failures) => {
  const { step, sent, mutations, junit } = await gate(rules);
  expect(endOf(step)).toBe(end);
  expect(step.exit).toEqual(expect.objectContaining({ code: end.startsWith('succeeded') ? 0 : 1 }));
  expect(sent).toEqual([{ ModelPackageArn: packageOf(1), ModelApprovalStatus: status, ApprovalDescription: words }]);
  expect(mutations).toHaveLength(1);
  expect(step.outputs['approval-description']).toBe(words);
  expect(step.summary).toContain('### Approval policy');
  expect(junit.match(/<testcase [^>]*classname="model-delivery\.policy"/g)).toHaveLength(rules.length);
  expect(junit.match(/type="policy-broken"/g) ?? []).toHaveLength(failures);
  type Decided = { readonly rules: readonly unknown[] };
  const result = JSON.parse(step.outputs['result'] ?? '{}') as {
    readonly 'approval-policy'?: Decided;
    readonly evidence?: { readonly policy?: Decided };
  };
  expect((result['approval-policy'] ?? result.evidence?.policy)?.rules).toHaveLength(rules.length);
});

test('a value that cannot be computed: no write, and the name of the manifest is plain text wherever it is shown', async () => {
  const { step, mutations, junit } = await gate([holds, open]);
  expect(endOf(step)).toBe('inconclusive/policy-inconclusive');
  expect(mutations).toEqual([]);
  expect(step.summary).toContain('undecided');
  // In a code span, where it is no HTML.
  expect(step.summary).not.toMatch(/[^`]<b>/);
  expect(junit).not.toContain('<b>');
  // The runner takes such a command at any place of a line.
  const log = step.log.map(({ text }) => text).join('\n');
  expect(log).toContain('<b>##\\[error]</b>');
  expect(log).not.toContain('##[error]');
});

test.each([
  ['holds', [holds], 'approve iris_v1.1.0'],
  ['is broken', [broken], 'reject iris_v1.1.0'],
] as const)('a dry run in which a rule %s writes nothing', async (_name, rules, title) => {
  const { step, mutations } = await gate(rules, { 'dry-run': 'true' });
  expect(endOf(step)).toBe('succeeded/planned');
  expect(step.outputs['result']).toContain(title);
  expect(mutations).toEqual([]);
});
