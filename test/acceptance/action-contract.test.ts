import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { commonInputs, githubInputs } from '../../src/inputs/common-inputs.ts';
import { fieldsOf } from '../../src/inputs/read-inputs.ts';
import { operations } from '../../src/operations/all.ts';
import type { Field, Schema } from '../../src/schema.ts';
import { runStep } from '../support/run-action.ts';

/** A text no parser of its kind takes; undefined for kinds that take any text. */
const badValue = ([name, field]: readonly [string, Field<unknown>]): string | undefined => {
  if (field.kind === 'file') return 'no/such/file';
  const candidates = ['no such value!', '-1d', '{', ''.padEnd(3000, 'x')];
  return candidates.find((candidate) => {
    try {
      field.parse(candidate, name);
      return false;
    } catch {
      return true;
    }
  });
};

/** The built bundle, run as the runner runs it. Every refusal here comes before the first request, so nothing needs to answer. */
describe.each(Object.entries<{ inputs: Schema<object>; files?: Schema<object> }>(operations))(
  'bundle of %s',
  (name, operation) => {
    const bundle = resolve(`actions/${name}/dist/index.cjs`);
    const action: { inputs: Record<string, { default?: unknown }>; outputs: object } = parse(
      readFileSync(`actions/${name}/action.yml`, 'utf8'),
    );
    const defaults = Object.fromEntries(
      Object.entries(action.inputs).map(([input, { default: given }]) => [input, String(given ?? '')]),
    );
    const fields = fieldsOf({ ...operation.inputs, ...commonInputs, ...githubInputs, ...operation.files });
    const bad = fields.flatMap((field) => {
      const value = badValue(field);
      return value === undefined ? [] : [[field[0], value] as const];
    });

    it.each([
      ['reported', { STATE_started: 'yes', STATE_reported: 'yes' }, false],
      ['died', { STATE_started: 'yes' }, true],
    ])('loads its code in the post step of a run that %s only if work is left', (_end, state, loads) => {
      // Of a bundle that returns at once, the runtime loads the bundle alone.
      const load = `
      const Module = require('node:module');
      const original = Module._load;
      const loaded = [];
      Module._load = (request, ...more) => (loaded.push(request), original(request, ...more));
      require(${JSON.stringify(bundle)});
      process.stdout.write(String(loaded.length), () => process.exit(0));`;
      const environment = { ...process.env, ...state, GITHUB_OUTPUT: '', GITHUB_STATE: '', GITHUB_STEP_SUMMARY: '' };
      const loaded = Number(execFileSync(process.execPath, ['-e', load], { env: environment, encoding: 'utf8' }));
      expect(loaded > 1).toBe(loads);
    });

    it('was built', () => {
      expect(existsSync(bundle)).toBe(true);
    });

    it('refuses all that is wrong at once, each by name, and sets only declared outputs', async () => {
      const step = await runStep(bundle, { ...defaults, ...Object.fromEntries(bad) });
      expect(step.code).toBe(1);
      const result = JSON.parse(step.outputs['result'] ?? '') as { because: string };
      for (const [input] of bad.filter(([input]) => input !== 'resume-token'))
        expect(result.because).toContain(`${input}: `);
      expect(Object.keys(action.outputs)).toEqual(expect.arrayContaining(Object.keys(step.outputs)));
      expect(Object.keys(step.outputs)).toEqual(expect.arrayContaining(['outcome', 'reason-code', 'result']));
      expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'invalid-input' });
      expect(step.summary).toContain('## ❌');
    });

    it('asks for every required input that is left out', async () => {
      const step = await runStep(bundle, defaults);
      const result = JSON.parse(step.outputs['result'] ?? '') as { because: string };
      for (const [input, field] of fields) if (field.required) expect(result.because).toContain(`${input} is required`);
    });
  },
);
