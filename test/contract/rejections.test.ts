import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readArguments } from '../../src/hosts/command-line/arguments.ts';
import { optionsOf } from '../../src/hosts/command-line/command-line.ts';
import { operations } from '../../src/operations/all.ts';
import { readWorkflow } from '../support/workflow-file.ts';

const guide = readFileSync('docs/rejections.md', 'utf8');
const blocks = [...guide.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text) as Pattern);

type Pattern = { readonly [name: string]: readonly unknown[] | Pattern };

/** The part of EventBridge's patterns that the guide uses (EventBridge user guide: "Comparison operators for use in event patterns"). */
const matches = (pattern: Pattern, event: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(pattern).every(([name, wanted]) => {
    if (name === '$or') return (wanted as readonly Pattern[]).some((one) => matches(one, event));
    const value = event[name];
    if (!Array.isArray(wanted)) return matches(wanted as Pattern, value as Readonly<Record<string, unknown>>);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return wanted.some((one: unknown) => {
      if (typeof one !== 'object' || one === null) return values.includes(one);
      if ('exists' in one) return (value !== undefined) === one.exists;
      if ('equals-ignore-case' in one)
        return String(value).toLowerCase() === String(one['equals-ignore-case']).toLowerCase();
      throw new Error(`the test does not know ${JSON.stringify(one)}`);
    });
  });

describe('the rule of EventBridge in the guide', () => {
  const rule = blocks.find((one) => 'detail-type' in one) ?? {};
  const event = (detail: Readonly<Record<string, unknown>>) => ({
    source: 'aws.sagemaker',
    'detail-type': 'SageMaker Model Package State Change',
    detail: {
      ModelPackageGroupName: 'Churn',
      ModelApprovalStatus: 'Rejected',
      UpdatedModelPackageFields: ['ModelApprovalStatus', 'ApprovalDescription'],
      ...detail,
    },
  });

  it.each([
    ['a rejection', {}, true],
    ['a rejection that does not name its members', { UpdatedModelPackageFields: undefined }, true],
    ['an approval', { ModelApprovalStatus: 'Approved' }, false],
    ['another group', { ModelPackageGroupName: 'fraud' }, false],
    ['an edit of a rejected package', { UpdatedModelPackageFields: ['CustomerMetadataProperties'] }, false],
  ])('%s', (_what, detail, expected) => {
    expect(matches(rule, event(detail))).toBe(expected);
  });
});

describe('the examples', () => {
  it('the workflow gives the event to one run in each environment', async () => {
    const { on } = await readWorkflow('examples/on-model-event.yml');
    const { jobs } = await readWorkflow('.github/workflows/on-model-event.yml');
    const steps = jobs['rejected']?.steps ?? [];
    expect((on['repository_dispatch'] as { types: string[] }).types).toContain('model-rejected');
    expect(guide).toContain('"event_type": "model-rejected"');
    const given = steps.find(({ uses = '' }) => uses === '$/actions/rollback')?.with ?? {};
    expect(given['only-rejected']).toBe(true);
    expect(steps.some(({ run = '' }) => run.endsWith(`> ${given['event']}`))).toBe(true);
  });

  it('the buildspec gives the command options that it has, and the variable that the target sets', () => {
    const { phases } = parse(readFileSync('codebuild/buildspecs/rejected.yml', 'utf8')) as {
      phases: { build: { commands: string[] } };
    };
    const [command = ''] = phases.build.commands;
    expect(guide).toContain('"name": "REJECTED"');
    const [, , name, ...args] = command.replace('"$REJECTED"', '7').split(' ');
    expect(name).toBe('rollback');
    expect(readArguments(optionsOf(operations.rollback), args)('rejected')).toBe('7');
  });

  it('stand in the guide, with the permissions of their rules', () => {
    for (const text of [
      '../examples/on-model-event.yml',
      '../codebuild/buildspecs/rejected.yml',
      'events:InvokeApiDestination',
      'codebuild:StartBuild',
    ])
      expect(guide).toContain(text);
  });
});
