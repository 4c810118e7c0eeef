import { describe, expect, test } from '@jest/globals';
import type { CheckCase } from '../../../../src/findings/regression.ts';
import type { TestCommand } from '../../../../src/manifest/asking.ts';
import { resultOf } from '../../../../src/scoring/checks/command.ts';
import { keepSecret } from '../../../../src/secrets.ts';
import type { ProgramEnd } from '../../../../src/world.ts';

const command: TestCommand = { run: ['pytest'], timeoutSeconds: 900, level: 'fail' };
const reporting: TestCommand = { ...command, junit: 'results.xml' };

const ended = (code: number, more: Partial<ProgramEnd> = {}): ProgramEnd => ({ how: { is: 'exited', code }, ...more });
const report = (...cases: readonly CheckCase[]) => ({ report: { is: 'read', cases } }) as const;
const none = (because: string) => ({ report: { is: 'none', because } }) as const;
const passed = (name: string): CheckCase => ({ name, verdict: 'pass' });
const failed = (name: string, because = 'wrong'): CheckCase => ({ name, verdict: 'fail', because });
const skipped = (name: string): CheckCase => ({ name, verdict: 'inconclusive', because: 'skipped: later' });

const says = (of: TestCommand, end: ProgramEnd): string => {
  const { verdict, because } = resultOf(of, end);
  return `${verdict}: ${because}`;
};

describe('a test program without a report', () => {
  test.each<[ProgramEnd, string]>([
    [ended(0), 'pass: the program ended with 0'],
    [ended(0, { lastLine: '3 failed' }), 'pass: the program ended with 0'],
    [ended(1, { lastLine: '1 failed, 3 passed' }), 'fail: the program ended with 1: 1 failed, 3 passed'],
    [ended(127), 'fail: the program ended with 127'],
    [{ how: { is: 'killed', by: 'SIGSEGV' }, lastLine: 'dumped' }, 'fail: the program was ended by SIGSEGV: dumped'],
    [{ how: { is: 'timed-out' } }, 'fail: the program did not end within 15m'],
  ])('%j', (end, sentence) => {
    expect(says(command, end)).toBe(sentence);
    expect(resultOf(command, end)).toMatchObject({ cases: [] });
    expect(resultOf(command, end)).not.toHaveProperty('table');
  });
});

describe('a test program with a report', () => {
  test.each<[string, ProgramEnd, string]>([
    ['passes', ended(0, report(passed('a'), passed('b'))), 'pass: the program ended with 0, 2 cases passed'],
    [
      'passes with a case that is skipped',
      ended(0, report(passed('a'), skipped('b'))),
      'pass: the program ended with 0, 1 case passed, 1 skipped',
    ],
    [
      'fails by a case although it ended with 0',
      ended(0, report(passed('a'), failed('b'))),
      'fail: 1 of 2 cases failed by results.xml, although the program ended with 0',
    ],
    [
      'fails by its code although every case passed',
      ended(2, { ...report(passed('a')), lastLine: 'coverage is 71 %' }),
      'fail: 0 of 1 case failed; the program ended with 2: coverage is 71 %',
    ],
    [
      'fails by both',
      ended(1, { ...report(failed('a'), passed('b')), lastLine: '1 failed' }),
      'fail: 1 of 2 cases failed; the program ended with 1: 1 failed',
    ],
    [
      'that wrote none is no verdict',
      ended(0, none('it wrote no results.xml')),
      'inconclusive: the program ended with 0, and it wrote no results.xml',
    ],
    [
      'that wrote none and failed has failed',
      ended(1, none('it wrote no results.xml')),
      'fail: the program ended with 1',
    ],
    [
      'without a case is no verdict',
      ended(0, report()),
      'inconclusive: the program ended with 0, and results.xml has no case',
    ],
    [
      'whose cases are all skipped is no verdict',
      ended(0, report(skipped('a'))),
      'inconclusive: the program ended with 0, and results.xml has skipped cases alone',
    ],
  ])('%s', (_name, end, sentence) => {
    expect(says(reporting, end)).toBe(sentence);
  });

  test('gives its cases, those that failed first, and a table of them', () => {
    const { cases, table } = resultOf(reporting, ended(1, report(passed('a'), skipped('b'), failed('c'))));
    expect(cases).toEqual([
      { name: 'c', verdict: 'fail', because: 'wrong' },
      { name: 'b', verdict: 'inconclusive', because: 'skipped: later' },
      { name: 'a', verdict: 'pass' },
    ]);
    expect(table).toEqual({
      heads: ['case', 'result', 'message'],
      rows: [
        ['c', 'failed', 'wrong'],
        ['b', 'skipped', 'skipped: later'],
        ['a', 'passed', ''],
      ],
    });
  });

  test('gives 500 cases at most, and counts all', () => {
    const many = Array.from({ length: 800 }, (_, at) => passed(`case ${at}`));
    const { cases, because } = resultOf(reporting, ended(1, report(...many, failed('last'))));
    expect(cases).toHaveLength(500);
    expect(cases[0]).toMatchObject({ name: 'last', verdict: 'fail' });
    expect(because).toMatch(/^1 of 801 cases failed;/);
  });

  test('shows no secret that it printed, and no text without end', () => {
    keepSecret('wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY');
    const result = resultOf(
      reporting,
      ended(1, {
        ...report(failed('key wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY', 'x'.repeat(5000))),
        lastLine: 'used AKIAIOSFODNN7EXAMPLE and wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY',
      }),
    );
    expect(JSON.stringify(result)).not.toMatch(/AKIA|wJalr/);
    expect(result.cases[0]?.because).toHaveLength(500);
  });
});
