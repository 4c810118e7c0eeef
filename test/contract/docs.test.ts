import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadFleet } from '../../src/manifest/fleet-schema.ts';
import { loadManifest, loadRegression } from '../../src/manifest/load.ts';
import { linksOf, lostLinks, pagesOf } from '../../tools/markdown.ts';
import { declarationOf, type Job, readWorkflow } from '../support/workflow-file.ts';

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

/** Delivers, or asks the models of an endpoint, which another delivery would change. */
const moves = /^(?:OWNER\/model-delivery|\$)\/actions\/(?:deploy-endpoint|shift-traffic|regression-test)(?:@v1)?$/;

/** `version: live` goes on with the delivery that holds the endpoint, and begins none. */
const goesOn = ({ steps }: Job): boolean => steps.some(({ with: given }) => given?.['version'] === 'live');

/** The jobs of a workflow that do not wait in the one queue of their endpoint, each with the group that it has. */
const unqueued = async (title: string, text: string): Promise<readonly string[]> => {
  const { jobs } = await readWorkflow(title, /^on:/m.test(text) ? text : `on: push\n${text}`);
  return Object.entries(jobs).flatMap(([name, job]) => {
    const { steps, concurrency } = job;
    const changes = steps.filter(({ uses = '', with: given }) => moves.test(uses) && given?.['dry-run'] !== true);
    if (changes.length === 0 || goesOn(job)) return [];
    const queued =
      concurrency?.group.startsWith('sagemaker-') === true &&
      concurrency.queue === 'max' &&
      concurrency['cancel-in-progress'] !== true;
    return queued ? [] : [`${name}: ${concurrency?.group ?? 'no group'}`];
  });
};

describe('deliveries to one endpoint wait in one queue, by the same `concurrency` group everywhere', () => {
  const files = globSync(['.github/workflows/*.yml', 'examples/*.yml', 'examples/*/.github/workflows/*.yml']).sort();
  const workflows = [
    ...blocks.filter(({ text }) => /^jobs:/m.test(text)),
    ...files.map((title) => ({ title, text: textOf(title) })).filter(({ text }) => /^jobs:/m.test(text)),
  ];
  test.each(workflows)('$title', async ({ title, text }) => {
    expect(await unqueued(title, text)).toEqual([]);
  });
  test.each([
    ['', 'no group'],
    ['concurrency: { group: deploy-production, queue: max }', 'deploy-production'],
    ['concurrency: { group: sagemaker-churn }', 'sagemaker-churn'],
    ['concurrency: { group: sagemaker-churn, cancel-in-progress: true }', 'sagemaker-churn'],
  ])('and a job with another queue is noticed: %s', async (line, group) => {
    const step = 'OWNER/model-delivery/actions/deploy-endpoint@v1';
    const text = `jobs:\n  x:\n    runs-on: a\n    ${line}\n    steps: [{ uses: ${step} }]\n`;
    expect(await unqueued('x', text)).toEqual([`x: ${group}`]);
  });
});

test('every example is linked from a page outside of the examples', () => {
  const linked = pages
    .filter((page) => !page.startsWith('examples/'))
    .flatMap((page) => linksOf(page, textOf(page)))
    .map(({ path }) => path);
  const examples = globSync('examples/*').sort();
  expect(examples.length).toBeGreaterThan(15);
  // A folder counts by any of its files.
  expect(examples.filter((path) => !linked.some((to) => to === path || to.startsWith(`${path}/`)))).toEqual([]);
});

test('a subnet without internet has an endpoint for every service of the policies', () => {
  const policies = globSync('docs/permissions/**/*.json').map(textOf).join('\n');
  const services = new Set([...policies.matchAll(/"([a-z0-9-]+):[A-Z][A-Za-z]*"/g)].map(([, service = '']) => service));
  const table = textOf('docs/recipes.md').split('| service in the policies |')[1]?.split('\n\n')[0] ?? '';
  const named = [...table.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, service = '']) => service);
  expect([...named].sort()).toEqual([...services].sort());
});

describe('every link', () => {
  test.each(pages)('of %s leads somewhere', (page) => {
    expect(lostLinks(page)).toEqual([]);
  });
});
