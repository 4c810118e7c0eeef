import { describe, expect, test } from '@jest/globals';
import { loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';

const load = (command: string, candidate = 'temporary'): RegressionSpec =>
  loadRegression(
    `task: regression
metrics: [mae]
request: { content-type: text/csv, input: [a] }
candidate: ${candidate}
command: ${command}
`,
    'p.yml',
  ) as RegressionSpec;
const commandOf = (text: string, candidate?: string) => load(text, candidate).asking.command;

describe('`command` of `regression`', () => {
  test('is a program with its arguments', () => {
    expect(commandOf('{ run: [pytest] }')).toEqual({ run: ['pytest'], timeoutSeconds: 900, level: 'fail' });
    expect(commandOf('{ run: [python, -m, pytest, "a b"], junit: out/results.xml, timeout: 1h, level: warn }')).toEqual(
      {
        run: ['python', '-m', 'pytest', 'a b'],
        junit: 'out/results.xml',
        timeoutSeconds: 3600,
        level: 'warn',
      },
    );
  });

  test.each([
    ['{ run: pytest tests }', 'command.run: "pytest tests" is not a list of words'],
    ['{ run: [] }', 'command.run'],
    ['{ run: [""] }', 'command.run.0: is no program'],
    ['{ run: [pytest, 3] }', 'command.run.1: 3 is not a word; expected text'],
    ['{ run: ["pytest\\0"] }', 'command.run: has a NUL character'],
    ['{ junit: r.xml }', 'command.run'],
    ['{ run: [pytest], timeout: 2h }', 'command.timeout: must be 1s to 1h'],
    ['{ run: [pytest], timeout: 0s }', 'command.timeout: must be 1s to 1h'],
    ['{ run: [pytest], level: info }', 'command.level: "info" is not a level; expected fail or warn'],
    ['{ run: [pytest], shell: true }', 'command.shell: unknown key; allowed here: run, junit, timeout, level'],
    ['{ run: [pytest], junit: /tmp/r.xml }', 'command.junit: must be a path in the checkout'],
    ['{ run: [pytest], junit: a/../../r.xml }', 'command.junit: must be a path in the checkout'],
    ['{ run: [pytest], junit: "C:/r.xml" }', 'command.junit: must be a path in the checkout'],
  ])('%s is refused', (text, because) => {
    expect(() => load(text)).toThrow(because);
  });

  test.each([
    ['{ predictions: "{version}.jsonl" }', 'predictions'],
    ['{ transform: { instance: ml.m5.large } }', 'transform'],
  ])('needs an endpoint: candidate %s', (candidate, name) => {
    expect(() => load('{ run: [pytest] }', candidate)).toThrow(
      `command: needs an endpoint that it can ask, and the candidate is ${name}; expected candidate temporary, dark-variant or an environment`,
    );
  });

  test.each(['temporary', 'dark-variant', '{ environment: staging }'])('asks candidate %s', (candidate) => {
    expect(commandOf('{ run: [pytest] }', candidate)?.run).toEqual(['pytest']);
  });
});
