import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const scenario = 'runner-killed-then-rerun';

/** One rehearsal in a process of its own: its verdict without the wall time, and every byte AWS was asked. */
const rehearse = async (): Promise<{ verdict: Record<string, unknown>; requests: string }> => {
  const out = mkdtempSync(join(tmpdir(), 'repeat-'));
  const args = [join(root, 'src/main.ts'), 'rehearse', '--scenario', scenario, '--json', '--out', out];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const [verdict] = (JSON.parse(stdout) as { scenarios: Record<string, unknown>[] }).scenarios;
  return {
    verdict: { ...verdict, wallMs: undefined },
    requests: readFileSync(join(out, scenario, 'requests.jsonl'), 'utf8'),
  };
};

describe('a rehearsal', () => {
  it('is the same every time, however busy the machine is', async () => {
    const runs = await Promise.all([rehearse(), rehearse()]);
    expect(runs[0].verdict).toMatchObject({
      name: scenario,
      outcome: 'succeeded',
      reasonCode: 'delivered',
      problems: [],
    });
    expect(runs[1].verdict).toEqual(runs[0].verdict);
    expect(runs[1].requests).toBe(runs[0].requests);
  });

  it('that is interrupted leaves no temporary folder behind', async () => {
    const temp = mkdtempSync(join(tmpdir(), 'interrupted-'));
    const opened = (async () => {
      for await (const { filename } of watch(temp)) if (filename?.startsWith('rehearsal-')) return;
    })();
    const args = [join(root, 'src/main.ts'), 'rehearse', '--scenario', scenario, '--out', join(temp, 'out')];
    const rehearsal = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, TMPDIR: temp },
      stdio: 'ignore',
    });
    await opened;
    rehearsal.kill('SIGINT');
    expect(await once(rehearsal, 'exit')).toEqual([1, null]);
    expect(readdirSync(temp)).not.toContainEqual(expect.stringMatching(/^rehearsal-/));
  });
});
