import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadFleet } from '../../src/manifest/fleet-schema.ts';
import { loadManifest, loadRegression } from '../../src/manifest/load.ts';
import { lostLinks, pagesOf } from '../../tools/markdown.ts';
import { declarationOf, readWorkflow } from '../support/workflow-file.ts';

type Mapping = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pages = pagesOf();
const textOf = (page: string): string => readFileSync(page, 'utf8');

interface Block {
  readonly title: string;
  readonly text: string;
}
const blocksOf = (page: string): readonly Block[] =>
  [...textOf(page).matchAll(/^( *)```ya?ml\n(.*?)^ *```$/gms)].map(({ index, 1: indent = '', 2: text = '' }) => ({
    title: `${page}:${textOf(page).slice(0, index).split('\n').length}`,
    // Within a list a block is indented; a part of a file keeps the indentation of its place.
    text: dedented(text, indent.length),
  }));
const dedented = (text: string, least: number): string => {
  const lines = text.split('\n');
  const indent = Math.max(
    least,
    Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))),
  );
  return lines.map((line) => line.slice(indent)).join('\n');
};
const blocks = pages.flatMap(blocksOf);

/** `…` stands for a part that the reader knows. */
const whole = (text: string): string => text.replace(/[0-9a-f]+…/, 'ab'.repeat(32)).replace(/,? …/g, '');

/** A part of a manifest becomes a manifest: the rest is this. */
const environment = {
  account: '111122223333',
  region: 'eu-west-1',
  role: 'model-deployer',
  endpoint: {
    name: 'churn',
    'execution-role': 'churn-serving',
    instance: { type: 'ml.m5.large', count: 4 },
  },
  rollout: { strategy: 'all-at-once', 'final-bake': '5m', 'minimum-requests': 600, alarms: { errors: '1%' } },
};
const regression = {
  task: 'multiclass-classification',
  dataset: 'golden.jsonl',
  rules: [{ metric: 'accuracy', floor: 0.8 }],
  request: { 'content-type': 'text/csv', input: ['a', 'b'] },
};
const steps = { ...environment.rollout, strategy: 'steps', 'final-bake': undefined, 'max-step': '1h', bake: '10m' };

const merged = (base: unknown, more: unknown): unknown =>
  isMapping(base) && isMapping(more)
    ? Object.fromEntries(
        [...new Set([...Object.keys(base), ...Object.keys(more)])].map((key) => [
          key,
          key in more ? merged(base[key], more[key]) : base[key],
        ]),
      )
    : more;

/** Another way to deliver has keys of its own. */
const baseOf = (given: unknown): Mapping => {
  if (!isMapping(given)) return environment;
  const { endpoint: _none, ...place } = environment;
  const { rollout } = given;
  if ('target' in given)
    return {
      ...place,
      rollout: { strategy: 'canary', size: '10%', bake: '5m', 'final-bake': '0s', 'minimum-requests': 0 },
    };
  if (isMapping(rollout) && 'strategy' in rollout) return { ...environment, rollout: {} };
  return environment;
};

/** Its own part, or a rule of the approval about its verdict. */
const needsRegression = (part: Mapping): boolean =>
  'regression' in part || JSON.stringify(part).includes('{"regression":');

const withEnvironments = (part: Mapping): Mapping => {
  const { environments = {}, ...rest } = part;
  const named = isMapping(environments) && Object.keys(environments).length > 0 ? environments : { production: {} };
  return {
    ...(merged({ version: 1, model: 'churn', ...(needsRegression(rest) ? { regression } : {}) }, rest) as Mapping),
    environments: Object.fromEntries(
      Object.entries(named as Mapping).map(([name, given]) => [name, merged(baseOf(given), given)]),
    ),
  };
};
const inProduction = (part: Mapping): Mapping => withEnvironments({ environments: { production: part } });

/** Where a part of a manifest stands, by its keys. */
const placed = (part: Mapping): Mapping => {
  const [first = ''] = Object.keys(part);
  if (['rules', 'slices', 'dataset', 'load'].includes(first)) return withEnvironments({ regression: part });
  if (first === 'judge') return inProduction({ rollout: { ...steps, ...part, alarms: undefined } });
  if (first === 'autoscaling') return inProduction({ endpoint: { async: { output: 's3://churn/out/' }, ...part } });
  if (first === 'endpoint' && isMapping(part['endpoint'])) return inProduction(part);
  if (['rollout', 'releases', 'bucket-owners'].includes(first)) return inProduction(part);
  return withEnvironments(part);
};

const ours = /^OWNER\/model-delivery\/((?:\.github\/workflows\/[\w-]+\.yml)|(?:actions\/[\w-]+))@v1$/;

const checkCall = async (uses: string, given: Mapping): Promise<void> => {
  const path = ours.exec(uses)?.[1] ?? '';
  expect(path).not.toBe('');
  const inputs = path.startsWith('actions/')
    ? declarationOf(`$/${path}`).inputs
    : ((await readWorkflow(path)).on.workflow_call?.inputs ?? {});
  expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
  const needed = Object.entries(inputs).filter(([, { required }]) => required);
  expect(Object.keys(given)).toEqual(expect.arrayContaining(needed.map(([name]) => name)));
};

const checkWorkflow = async (title: string, text: string): Promise<void> => {
  const { jobs } = await readWorkflow(title, /^on:/m.test(text) ? text : `on: push\n${text}`);
  for (const job of Object.values(jobs)) {
    expect(job.permissions).toBeDefined();
    if (job.uses !== undefined) await checkCall(job.uses, job.with ?? {});
    for (const { uses, with: given = {} } of job.steps) if (uses?.startsWith('OWNER/')) await checkCall(uses, given);
  }
};

const check = async ({ title, text }: Block): Promise<string> => {
  if (/^\s*Type: AWS::/m.test(text)) return 'CloudFormation'; // tools/verify-snippets.py
  if (/^jobs:/m.test(text)) {
    await checkWorkflow(title, text);
    return 'workflow';
  }
  if (text.startsWith('- ')) {
    const job = `jobs:\n  x:\n    runs-on: ubuntu-latest\n    permissions: {}\n    steps:\n`;
    await checkWorkflow(title, `${job}${text.replace(/^(?=.)/gm, '      ')}`);
    return 'steps';
  }
  if (/^places:/m.test(text)) {
    loadFleet(text, title);
    return 'fleet';
  }
  if (/^task:/m.test(text)) {
    loadRegression(text, title);
    return 'policy';
  }
  if (/^version: 1$/m.test(text)) {
    loadManifest(text, title);
    return 'manifest';
  }
  loadManifest(JSON.stringify(placed(parse(whole(text)) as Mapping)), title);
  return 'part of a manifest';
};

describe('every YAML that a reader can paste', () => {
  test.each(blocks)('$title', async (block) => {
    expect(await check(block)).toBeTruthy();
  });
  test('is of every kind that is checked here', async () => {
    const kinds = new Set(await Promise.all(blocks.map(check)));
    expect([...kinds].sort()).toEqual(
      ['CloudFormation', 'fleet', 'manifest', 'part of a manifest', 'policy', 'steps', 'workflow'].sort(),
    );
  });
  test.each([
    [
      'an input that the action does not have',
      '- uses: OWNER/model-delivery/actions/rollback@v1\n  with: { environment: a, dryrun: true }\n',
    ],
    ['an input that is missing', '- uses: OWNER/model-delivery/actions/rollback@v1\n'],
    ['an action that does not exist', '- uses: OWNER/model-delivery/actions/roll-back@v1\n'],
    ['a job without permissions', 'jobs:\n  x: { runs-on: a, steps: [{ run: x }] }\n'],
    ['a key that a manifest does not have', 'rollout:\n  strategy: canary\n  sise: 10%\n'],
    ['a key of the policy that is wrong', 'slices:\n  - age >>= 65\n'],
  ])('and %s is noticed', async (_title, text) => {
    await expect(check({ title: 'x', text })).rejects.toThrow();
  });
});

describe('every link', () => {
  test.each(pages)('of %s leads somewhere', (page) => {
    expect(lostLinks(page)).toEqual([]);
  });
});
