import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commands } from '../../src/commands/all.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
  await account.prepare('1.1.0');
});
afterAll(() => account.close());

const reported = async (command: 'plan' | 'lint', version: string): Promise<{ code: unknown; text: string }> => {
  const lines: string[] = [];
  const terminal = { out: (text: string) => void lines.push(text), err: (text: string) => void lines.push(text) };
  const cancellation = { signal: new AbortController().signal, outOfTime: new Promise<void>(() => {}) };
  const host = { env: account.environment, terminal, cancellation, seams: { clock: account.simulator.driver } };
  const args = ['--manifest', account.manifest, '--environment', team.environment, '--version', version];
  const code = await (await commands[command]()).run(args, () => host, terminal);
  return { code, text: lines.join('\n') };
};

describe.each(['plan', 'lint'] as const)('%s, which only looks', (command) => {
  test('speaks in its own name and waits for nothing', async () => {
    const { code, text } = await reported(command, '1.1.0');
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringContaining(`\n${command}: succeeded/planned\n  deploy iris 1.1.0 to iris by canary`),
    });
    expect(text).toMatch(/^works in account 111122223333, region eu-west-1; dry run: writes nothing\n/);
    expect(text).not.toMatch(/waits until|^deploy-endpoint:/m);
  });

  test('refuses in its own name', async () => {
    const { code, text } = await reported(command, '1.2.0');
    expect(code).toBe(2);
    expect(text).toContain(
      `\n${command}: failed/unknown-version\n  iris_v1.2.0 is not registered; nearest: iris_v1.0.0, iris_v1.1.0`,
    );
  });
});
