import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { commands } from '../../src/commands/all.ts';
import { fieldsOf } from '../../src/inputs/read-inputs.ts';
import { operations } from '../../src/operations/all.ts';

const text = `${readFileSync('examples/canary.yml', 'utf8')}\nregression: { task: regression, dataset: rows.jsonl, metrics: [mae] }\n`;
const unenforced = /regression: is not enforced by this version/;

test('a gate that nothing keeps stops what would deliver, and nothing that goes back', () => {
  const answers = Object.entries(operations).map(([name, { inputs }]) => {
    try {
      inputs.manifest.parse(text, 'delivery.yml');
      return [name, 'taken'];
    } catch (error) {
      return [name, unenforced.test(String(error)) ? 'refused' : String(error)];
    }
  });
  const wanted: Readonly<Record<keyof typeof operations, 'taken' | 'refused'>> = {
    'register-model': 'taken',
    'approve-gate': 'taken',
    'deploy-endpoint': 'refused',
    'shift-traffic': 'taken',
    rollback: 'taken',
  };
  expect(Object.fromEntries(answers)).toEqual(wanted);
});

test.each(['plan', 'lint'] as const)('%s refuses it too', async (name) => {
  const [, manifest] = fieldsOf((await commands[name]()).options).find(([option]) => option === 'manifest') ?? [];
  expect(() => manifest?.parse(text, 'delivery.yml')).toThrow(unenforced);
});
