import { describe, expect, it } from '@jest/globals';
import { readInputs } from '../../../src/inputs/read-inputs.ts';
import { ownsItsInputs, strayInputs, strayOf } from '../../../src/inputs/stray-inputs.ts';
import { InputError, optional, text } from '../../../src/schema.ts';

const declared = ['version', 'dry-run', 'on-pending', 'two words'];

describe('inputs that no action declares', () => {
  it.each<[Record<string, string>, unknown[]]>([
    [{ INPUT_VERSION: '1', 'INPUT_DRY-RUN': 'true', INPUT_TWO_WORDS: 'x', PATH: '/bin', INPUTS: 'x' }, []],
    [{ INPUT_DRYRUN: 'true' }, ['dryrun is not an input; did you mean dry-run?']],
    [{ INPUT_DRY_RUN: 'true' }, ['dry_run is not an input; did you mean dry-run?']],
    [{ INPUT_VERISON: '' }, ['verison is not an input; did you mean version?']],
    [
      { INPUT_CANARY: '5%' },
      [
        'canary is not an input; the inputs are version, dry-run, on-pending, two words (if INPUT_CANARY is your own variable for another step, give it another name)',
      ],
    ],
    [{ INPUT_B: '', INPUT_A: '' }, [expect.stringMatching(/^a is/), expect.stringMatching(/^b is/)]],
  ])('%j: %j', (env, problems) => {
    expect(strayInputs(env, declared).map(({ problem }) => problem)).toEqual(problems);
  });

  it('are shown shortened', () => {
    expect(strayOf('x'.repeat(5000), declared).problem.length).toBeLessThan(200);
  });

  it('are one mistake with the required input they were meant to be, not two', () => {
    const schema = { version: text({ description: 'Which.' }), why: optional(text({ description: 'Why.' })) };
    const problem = (strays: Parameters<typeof readInputs>[3], written: Record<string, string> = {}): string => {
      try {
        return JSON.stringify(readInputs(schema, (name) => written[name], undefined, strays));
      } catch (error) {
        if (error instanceof InputError) return error.message;
        throw error;
      }
    };
    expect(problem([strayOf('verison', ['version', 'why'])])).toBe('verison is not an input; did you mean version?');
    expect(problem([strayOf('wy', ['version', 'why'])])).toBe(
      'wy is not an input; did you mean why?\nversion is required: Which.',
    );
    expect(problem([strayOf('verison', ['version', 'why'])], { version: '1' })).toMatch(/^verison is not an input/);
    expect(problem([], { version: '1' })).toBe('{"version":"1"}');
  });
});

describe('whether INPUT_* can only come from this step', () => {
  const unpacked = '/home/runner/work/_actions/Acme/model-delivery/v1/actions/deploy-endpoint/dist/index.cjs';
  it.each<[string, Record<string, string>, string | undefined, boolean]>([
    ['an action of a repository', { GITHUB_ACTION_REPOSITORY: 'Acme/model-delivery' }, unpacked, true],
    ['the same, written in other case', { GITHUB_ACTION_REPOSITORY: 'acme/Model-Delivery' }, unpacked, true],
    [
      'in a container job',
      { GITHUB_ACTION_REPOSITORY: 'Acme/model-delivery' },
      unpacked.replace('/home/runner/work', '/__w'),
      true,
    ],
    [
      'a local action',
      { GITHUB_ACTION_REPOSITORY: '' },
      '/home/runner/work/churn/churn/actions/x/dist/index.cjs',
      true,
    ],
    ['a process of a test', {}, undefined, true],
    ['an action that another action started', { GITHUB_ACTION_REPOSITORY: 'other/retry' }, unpacked, false],
    ['the same, unpacked elsewhere', { GITHUB_ACTION_REPOSITORY: 'other/retry' }, '/tmp/x/dist/index.cjs', false],
    ['another repository whose name begins alike', { GITHUB_ACTION_REPOSITORY: 'Acme/model' }, unpacked, false],
    ['act', { ACT: 'true' }, unpacked, false],
    ['Gitea', { GITEA_ACTIONS: 'true' }, unpacked, false],
    ['Forgejo', { FORGEJO_ACTIONS: 'true' }, unpacked, false],
  ])('%s', (_, env, script, expected) => {
    expect(ownsItsInputs(env, script)).toBe(expected);
  });
});
