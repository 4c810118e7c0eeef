import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CommandLine, runCommand } from '../../../../src/hosts/command-line/command-line.ts';
import { Refusal } from '../../../../src/operation.ts';
import { sharedInputs } from '../../../../src/operations/shared-inputs.ts';
import { countingOperation } from '../../../support/fake-operation.ts';
import { fakeSession } from '../../../support/fake-world.ts';
import { virtualClock } from '../../../support/virtual-clock.ts';

const environment = (name: string): string => `
  ${name}:
    account: "111122223333"
    region: eu-west-1
    role: model-deployer
    endpoint: { name: ${name}, execution-role: serving, instance: { type: ml.m5.large, count: 2 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }`;

const alias = (name: string): string => `
  ${name}:
    target: lambda-alias
    lambda: { function: churn, alias: live, application: churn, deployment-group: live }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }`;

/** Turns of the slow run: by then a run that failed at once has long ended. */
const manyTurns = 100;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'side-by-side-'));
  writeFileSync(
    join(folder, 'delivery.yml'),
    `version: 1\nmodel: churn\nenvironments:${environment('slow')}${environment('closed')}${alias('served')}\n`,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Counts sheep in the environments `slow` and `closed`, of which the second one refuses at once. */
const run = async (...args: readonly string[]) => {
  const lines: string[] = [];
  const found: { fileOfClosed?: boolean } = {};
  const counting = countingOperation({ count: 3, mutations: [] });
  const operation: typeof counting & { readonly everywhereWith: readonly string[] } = {
    ...counting,
    everywhereWith: ['subject'],
    inputs: { ...counting.inputs, ...sharedInputs },
    advance: async (inputs, memory, world) => {
      if ('environment' in inputs && inputs.environment === 'closed') throw new Refusal('not-approved', 'closed');
      const seen = (memory?.seen ?? 0) + 1;
      if (memory === undefined) return counting.advance(inputs, memory, world);
      if (seen <= 3 + manyTurns)
        return {
          is: 'waiting',
          memory: { v: 1, seen },
          notBefore: world.clock.now() + 1000,
          percent: 50,
          because: `turn ${seen}`,
        };
      found.fileOfClosed = existsSync(join(folder, 'report.closed.html'));
      return counting.advance(inputs, memory, world);
    },
  };
  const terminal: CommandLine['terminal'] = {
    out: (text) => lines.push(text),
    err: (text) => lines.push(text),
  };
  const code = await runCommand(
    'count',
    operation,
    ['--manifest', join(folder, 'delivery.yml'), '--subject', 'sheep', ...args],
    {
      env: {},
      terminal,
      cancellation: { signal: new AbortController().signal, outOfTime: new Promise<void>(() => {}) },
      seams: { openSession: fakeSession(), clock: virtualClock() },
    },
  );
  return { code, lines, text: lines.join('\n'), ...found };
};

describe('runs side by side', () => {
  it('print each result as soon as its run ends', async () => {
    const { code, lines } = await run();
    expect(code).toBe(1);
    const at = (start: string): number => lines.findIndex((line) => line.includes(start));
    expect(at('count in closed: rejected/not-approved')).toBeGreaterThanOrEqual(0);
    expect(at('count in closed: rejected/not-approved')).toBeLessThan(at(`turn ${3 + manyTurns}`));
    expect(at(`turn ${3 + manyTurns}`)).toBeLessThan(at('count in slow: succeeded/delivered'));
  });

  it.each([[[]], [['--json']]])('write the files of each as soon as its run ends (%j)', async (args) => {
    expect(await run('--html', join(folder, 'report.html'), ...args)).toMatchObject({ code: 1, fileOfClosed: true });
  });

  it('name the environment before each warning', async () => {
    const { lines } = await run('--html', join(folder, 'missing', 'report.html'), '--publish', 'check');
    expect(lines.filter((line) => line.includes('warning: ')).toSorted()).toEqual(
      ['closed', 'slow'].flatMap((name) => [
        expect.stringMatching(new RegExp(`^\\[${name}\\] warning: .*report\\.${name}\\.html could not be written`)),
        expect.stringMatching(new RegExp(`^\\[${name}\\] warning: nothing is published`)),
      ]),
    );
  });

  it.each([[[]], [['--json']]])('skip the alias of a function, with the reason (%j)', async (args) => {
    const { lines } = await run(...args);
    expect(lines[0]).toBe(
      '[served] skipped: CodeDeploy delivers there, and count with subject is about SageMaker endpoints',
    );
    expect(lines.slice(1).join()).not.toContain('served');
  });

  it('with an environment that is empty none begins: it is a mistake', async () => {
    const { code, text } = await run('--environment', '');
    expect(code).toBe(2);
    expect(text).toContain('environment is required');
    expect(text).not.toContain('[slow]');
  });
});
