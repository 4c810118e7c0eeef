import { describe, expect, it } from '@jest/globals';
import {
  environmentsFor,
  inEnvironment,
  labelled,
  worstOf,
} from '../../../../src/hosts/command-line/each-environment.ts';
import { countingOperation } from '../../../support/fake-operation.ts';

const given = (values: Readonly<Record<string, string>>) => (input: string) => values[input];

describe('a command without an environment', () => {
  const counting = countingOperation({ count: 0, mutations: [] });

  it.each([
    ['whose operation does not know it', counting, { subject: 'sheep' }],
    ['whose environment is empty', { ...counting, everywhereWith: ['subject'] }, { subject: 'sheep', environment: '' }],
    ['without the input that allows it', { ...counting, everywhereWith: ['subject'] }, { subject: '' }],
    [
      'with an environment',
      { ...counting, everywhereWith: ['subject'] },
      { subject: 'sheep', environment: 'production' },
    ],
  ] as const)('%s is one run', (_what, operation, values) => {
    expect(environmentsFor(operation, given(values))).toBeUndefined();
  });

  it('needs a manifest that can be read', () => {
    const operation = { ...counting, everywhereWith: ['subject'] };
    expect(() => environmentsFor(operation, given({ subject: 'sheep', manifest: '/absent.yml' }))).toThrow('ENOENT');
  });
});

it.each([
  ['junit', 'reports/rollback.xml', 'reports/rollback.production.xml'],
  ['html', 'a.b/report', 'a.b/report.production'],
  ['exported-variables', 'outputs.env', 'outputs.production.env'],
  ['environment', 'staging', 'production'],
  ['because', 'ticket 12.5', 'ticket 12.5'],
  ['junit', '', ''],
])('%s: %s is %s in production', (input, text, expected) => {
  expect(inEnvironment('production', given({ [input]: text }))(input)).toBe(expected);
});

it('names the environment on every line', () => {
  expect(labelled('production', 'one\ntwo')).toBe('[production] one\n[production] two');
});

it.each([
  [[0, 0], 0],
  [[0, 3], 3],
  [[3, 2, 0], 2],
  [[2, 1, 3], 1],
  [[], 0],
] as const)('of the exit codes %j the worst is %i', (codes, worst) => {
  expect(worstOf(codes)).toBe(worst);
});
