import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { backtest } from '../../src/commands/backtest.ts';
import { judge } from '../../src/commands/judge.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rehearsedTeam as names, rollouts } from '../../src/rehearsal/manifest.ts';
import { openSession } from '../../src/session/session.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

let account: TestAccount;
afterEach(() => account.close());

const folder = mkdtempSync(join(tmpdir(), 'replay-'));
const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

interface Line {
  readonly kind: string;
  readonly at: string;
  readonly t?: number;
  readonly decision?: string;
  readonly because?: string;
}

/** The last release's journal, as it lies in S3. */
const journal = (): string => {
  const [last] = account.record()?.ended ?? [];
  const bucket = `model-delivery-${names.account}-${names.region}`;
  const found = account.simulator.objects.get(bucket, `iris/releases/${last?.id}/journal.jsonl`);
  if (!found) throw new Error(`${last?.id} has no journal`);
  return found.body.toString();
};
const linesOf = (text: string): readonly Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const judged = async (text: string, ...more: readonly string[]) => {
  const { code, out, err } = await runCommand(judge, ['--journal', written('journal.jsonl', text), ...more]);
  return { code, err, verdicts: out.map((line) => JSON.parse(line)) };
};
const backtested = async (...args: readonly string[]) => {
  const at = { env: account.environment, seams: { clock: account.simulator.driver, openSession } };
  const { code, out, err } = await runCommand(backtest, args, at);
  return { code, err, out: out.join('\n') };
};

const convicted = async (options: Parameters<typeof openAccount>[0] = {}): Promise<void> => {
  account = await openAccount(options);
  await account.inProduction('1.0.0');
  account.writeManifest(() => manifestText({ rollout: `${rollouts.steps}, max-step: 6h` }));
  await account.prepare('1.4.0');
  await account.run(deployEndpoint, { version: '1.4.0' });
  const shifted = await account.run(shiftTraffic, { version: '1.4.0' });
  expect(shifted?.result.reason).toBe('convicted');
};

describe('the journal of a release under the judge', () => {
  test('replays to the verdicts that were witnessed, and backtests under another policy', async () => {
    await convicted();
    const text = journal();
    const lines = linesOf(text);
    const witnessed = lines.filter(({ kind }) => kind === 'verdict');
    const { code, err, verdicts } = await judged(text);
    expect([code, err]).toEqual([0, []]);
    expect(verdicts.map(({ at, t, decision, because }) => ({ at, t, decision, because }))).toEqual(
      witnessed.map(({ at, t, decision, because }) => ({ at, t, decision, because })),
    );
    expect(verdicts.at(-1)).toMatchObject({ decision: 'rollback', reason: 'candidate-worse' });
    expect(verdicts.length).toBeGreaterThan(3);
    // Each bucket once, and again only when it is another one: its counts were revised, or are no longer provisional.
    const before = new Map<unknown, string>();
    for (const { kind, at: _, ...bucket } of lines) {
      if (kind !== 'bucket') continue;
      expect(JSON.stringify(bucket)).not.toBe(before.get(bucket.t));
      before.set(bucket.t, JSON.stringify(bucket));
    }
    expect(lines[0]?.kind).toBe('plan');
    expect(lines.at(-1)?.kind).toBe('end');

    const lenient = written(
      'lenient.yml',
      'convict: { worse-than: 400x, false-rollback: 0.001 }\nhealthy: { excess-below: 10%, confidence: 0.95 }\nsafety-net: 50%\n',
    );
    const path = written('journal.jsonl', text);
    const { out } = await backtested('--journal', path, '--policy', lenient);
    expect(out).toMatch(/rollout: \d+ buckets, (?!.*rollback)/);
    expect(out).toMatch(/verdicts of that time: .*rollback\n(?:.*\n)*.*first rollback at 20/);
  });

  test('does not replay when it was tampered with', async () => {
    await convicted();
    const text = journal();
    // All of them: a bucket that was read twice is there twice.
    const failing = /("kind":"bucket".*?"candidate":\{"requests":\d+,"bad":\{"errors":)[1-9]\d*/g;
    expect(text).toMatch(failing);
    const { code, err, verdicts } = await judged(text.replaceAll(failing, (_whole, before: string) => `${before}0`));
    expect(code).toBe(1);
    expect(err.join()).toContain('differs from the one in the journal');
    expect(verdicts.some(({ witnessed }) => witnessed?.decision !== undefined)).toBe(true);
  });

  test('has a bucket that CloudWatch revised twice, and still replays', async () => {
    // Metrics come later than they are read.
    await convicted({ settings: { metricDelayMs: 180_000 } });
    const text = journal();
    const starts = linesOf(text).flatMap(({ kind, t }) => (kind === 'bucket' ? [t] : []));
    expect(new Set(starts).size).toBeLessThan(starts.length);
    expect((await judged(text)).code).toBe(0);
  });

  test('of a guardrail deployment replays too', async () => {
    account = await openAccount();
    await account.inProduction('1.0.0');
    const judge =
      'judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 } }';
    account.writeManifest(() => manifestText({ rollout: `${rollouts.canary}, ${judge}`, unwatched: true }));
    await account.prepare('1.4.0');
    await account.run(deployEndpoint, { version: '1.4.0' });
    const { code, err, verdicts } = await judged(journal());
    expect([code, err]).toEqual([0, []]);
    expect(verdicts.at(-1)).toMatchObject({ decision: 'rollback' });
  });

  test('without a judge has nothing to replay', async () => {
    account = await openAccount();
    await account.inProduction('1.0.0');
    const { code, err } = await judged(journal());
    expect(code).toBe(2);
    expect(err.join()).toContain('had no judge');
    expect((await judged('{"kind":"bucket","t":"x"}\n')).err.join()).toContain(
      'journal.jsonl:1: not a line of a journal',
    );
  });
});

describe('backtest from CloudWatch', () => {
  test('judges both variants of a past rollout, and production alone', async () => {
    await convicted();
    const [{ stepping, endedAt = 0 } = {}] = account.record()?.ended ?? [];
    const from = stepping?.moves[0]?.from ?? 0;
    const iso = (at: number): string => new Date(at).toISOString();
    const place = ['--manifest', account.manifest, '--environment', 'production'];
    const rollout = await backtested(...place, '--from', iso(from), '--to', iso(endedAt));
    expect(rollout).toMatchObject({ code: 0, err: [] });
    expect(rollout.out).toMatch(/rollout: \d+ buckets, .*rollback/);
    expect(rollout.out).toContain('first rollback at 20');
    const alone = await backtested(...place, '--from', iso(from - 900_000), '--to', iso(from - 300_000));
    expect(alone.out).toContain('rollout: none, no candidate had requests');
    expect(alone.out).toMatch(/baseline: [1-9]\d+ requests, 0 % errors/);
    expect(alone.out).toMatch(/at 10 % after about \d+ requests, \d+ min/);
    expect((await backtested(...place, '--from', 'yesterday', '--to', iso(from))).err.join()).toContain(
      'from: "yesterday" is not a time',
    );
    expect((await backtested(...place, '--from', '2026-02-31T00:00:00Z', '--to', iso(from))).err.join()).toContain(
      'from: "2026-02-31T00:00:00Z" is not a time',
    );
  });
});
