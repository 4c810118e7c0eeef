import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { commands } from '../../../src/commands/all.ts';
import { completionOf } from '../../../src/commands/completion.ts';
import { loaded } from '../../../src/commands/loaded.ts';
import { fieldsOf } from '../../../src/inputs/read-inputs.ts';
import { runCommand } from '../../support/run-command.ts';

const completion = completionOf(commands);
const folder = mkdtempSync(join(tmpdir(), 'completion-'));
afterAll(() => rmSync(folder, { recursive: true }));
const script = join(folder, 'completion.sh');
const printed = await runCommand(completion, ['bash']);
writeFileSync(script, printed.out.join('\n'));

/** The words that bash offers for the last of these, which stands under the cursor. */
const offered = (...words: readonly string[]): readonly string[] => {
  const line = ['model-delivery', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `source ${script}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _model_delivery; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-uc', `${ask} || true`], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
};

describe('in bash', () => {
  test.each([
    [['dep'], ['deploy-endpoint']],
    [['--v'], ['--version']],
    [
      ['help', 're'],
      ['register-model', 'regression-test', 'rehearse'],
    ],
    [['plan', '--environment', 'production', '--ver'], ['--version']],
    [['deploy-endpoint', '--dry'], ['--dry-run']],
    [['deploy-endpoint', '--no-dry'], ['--no-dry-run']],
    [
      ['completion', ''],
      ['bash', 'zsh'],
    ],
    [['action-types', 'l'], ['list']],
    [['rehearse', '--strategy', '=', 'c'], ['canary']],
    [
      ['rehearse', '--strategy', '='],
      ['all-at-once', 'canary', 'linear', 'rolling', 'steps'],
    ],
    [['plan', '--environment', 'prod'], []],
    [['no-command', '--'], []],
  ])('%j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test('every command offers every option that it has, and the choices of each', async () => {
    for (const [name, { options, words }] of Object.entries(await loaded(commands))) {
      const wanted = fieldsOf(options).map(([option]) => `--${option}`);
      const begun = [name, ...(words?.split('|').slice(0, 1) ?? [])];
      expect(offered(...begun, '--')).toEqual(expect.arrayContaining([...wanted, '--help']));
      for (const [option, { choices }] of fieldsOf(options))
        if (choices !== undefined) expect(offered(...begun, `--${option}`, '')).toEqual(choices);
    }
  });
});

test('for zsh it is the same script, behind that of bash', async () => {
  const { out } = await runCommand(completion, ['zsh']);
  expect(out.join('\n')).toBe(
    `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${printed.out.join('\n')}`,
  );
});

test.each([
  [[], /a word is missing; write completion bash or completion zsh/],
  [['fish'], /"fish" is not expected here; write completion bash/],
  [['bash', '--now'], /--now is not an option/],
])('%j is refused', async (args, said) => {
  const { code, err, out } = await runCommand(completion, args, { env: {} });
  expect([code, out]).toEqual([2, []]);
  expect(err.join('\n')).toMatch(said);
});
