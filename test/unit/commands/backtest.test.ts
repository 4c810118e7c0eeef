import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { backtest } from '../../../src/commands/backtest.ts';
import { bothArms, dayOfBaseline, jsonLines } from '../../support/bucket-lines.ts';
import { runCommand } from '../../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'backtest-'));
const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('backtest', () => {
  const reported = async (content: string, ...args: readonly string[]) => {
    const auto = written(
      'auto.yml',
      'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\n',
    );
    const lines = written('history.jsonl', content);
    const { code, out } = await runCommand(backtest, ['--policy', auto, '--buckets', lines, ...args]);
    return { code, out: out.join('\n') };
  };

  test('of a day of production alone: the guard, and the time to proof', async () => {
    const { code, out } = await reported(jsonLines(...dayOfBaseline), '--json');
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ burstGuard: { on: false }, baseline: { requests: 360_000 } });
    expect(found.rollout).toBeUndefined();
    const [twentieth] = found.timeToProof;
    expect(twentieth.requests).toBeGreaterThan(700);
    expect(twentieth.seconds).toBeCloseTo(twentieth.requests / (50 * 0.05), -1);
  });

  test('of a rollout: what it would have said first, and last', async () => {
    const { out } = await reported(
      jsonLines(...dayOfBaseline, ...bothArms(0, 0), ...bothArms(60, 12), ...bothArms(120, 12)),
    );
    expect(out).toContain('burst guard: off; errors came singly in 120 buckets');
    expect(out).toMatch(
      /rollout: 3 buckets, 1 continue, 2 rollback\n {2}first continue at 0: .*\n {2}first rollback at 60: errors: 12 of 300/,
    );
  });
});
