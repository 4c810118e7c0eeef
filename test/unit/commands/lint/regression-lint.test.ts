import { describe, expect, test } from '@jest/globals';
import { lintRegression } from '../../../../src/commands/lint/regression-lint.ts';
import { loadManifest } from '../../../../src/manifest/load.ts';
import { manifestText, rollouts } from '../../../../src/rehearsal/manifest.ts';
import { InputError } from '../../../../src/schema.ts';
import { wholeFiles } from '../../../../src/whole-files.ts';

const rowsOf = (count: number): string =>
  Array.from({ length: count }, (_, at) =>
    JSON.stringify({ id: `r${at}`, label: at % 2 === 0 ? 'yes' : 'no', a: at, b: 1 }),
  )
    .map((line) => `${line}\n`)
    .join('');

const good = {
  task: 'binary-classification',
  positive: 'yes',
  dataset: 'golden.jsonl',
  rules: '[{ metric: accuracy, floor: 0.8 }]',
  request: '{ content-type: text/csv, input: [a, b] }',
} as const;

interface Scene {
  readonly keys?: Readonly<Record<string, string | undefined>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly rollout?: string;
  /** Environments below production. */
  readonly more?: string;
}

const linted = ({
  keys = {},
  files = { 'golden.jsonl': rowsOf(40) },
  rollout = rollouts.canary,
  more = '',
}: Scene): Promise<readonly string[]> => {
  const section = Object.entries({ ...good, ...keys }).flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key}: ${value}\n`],
  );
  const manifest = loadManifest(`${manifestText({ rollout })}${more}regression:\n${section.join('')}`, 'delivery.yml');
  const workspace = wholeFiles(async (path) => {
    const text = files[path];
    if (text === undefined) throw new InputError(`cannot read "${path}": there is no such file in /checkout (ENOENT)`);
    return Buffer.from(text);
  });
  return lintRegression(manifest, workspace);
};

const problem = (scene: Scene): Promise<string> =>
  linted(scene).then(
    (warnings) => {
      throw new Error(`no problem, but ${JSON.stringify(warnings)}`);
    },
    (error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      return error.message;
    },
  );

const staging = ({ account = '111122223333', region = 'eu-west-1' } = {}): string => `\
  staging:
    account: "${account}"
    region: ${region}
    endpoint: { name: iris-staging, execution-role: iris-serving, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;

describe('a policy whose golden set is in the repository', () => {
  test('is in order', async () => {
    expect(await linted({})).toEqual([]);
    expect(await linted({ more: staging(), keys: { candidate: '{ environment: staging }' } })).toEqual([]);
  });

  test.each<[string, Scene, string]>([
    [
      'no file',
      { files: {} },
      'regression.dataset: cannot read "golden.jsonl": there is no such file in /checkout (ENOENT)',
    ],
    [
      'no row',
      { files: { 'golden.jsonl': '\n' } },
      'golden.jsonl:1: there is no row; expected one JSON object per line',
    ],
    [
      'no id',
      { files: { 'golden.jsonl': '{"label":"yes","a":1,"b":2}\n' } },
      'golden.jsonl:1: id: is missing; the row has label, a, b',
    ],
    [
      'one id twice',
      { files: { 'golden.jsonl': `${rowsOf(2)}${rowsOf(1)}` } },
      'golden.jsonl:3: id: "r0" is there twice, also at line 1',
    ],
    [
      'no label',
      { files: { 'golden.jsonl': '{"id":"1","a":1,"b":2}\n' } },
      'golden.jsonl:1: label: is missing; the row has id, a, b',
    ],
    [
      'labels of another task',
      { keys: { task: 'regression', positive: undefined, rules: '[{ metric: r2, floor: 0.8 }]' } },
      'golden.jsonl:1: label: "yes" is not a number',
    ],
    [
      'labels of which none is `positive`',
      { keys: { positive: '1' } },
      'golden.jsonl:2: label: "no" is a third class; a binary classification has 1 (positive) and "yes"',
    ],
    [
      'labels of CSV beside a number',
      {
        keys: { positive: '1', dataset: 'golden.csv' },
        files: { 'golden.csv': 'id,label,a,b\nx,0,1,2\ny,1,1,2\nz,1,2,2\nu,1,3,2\n' },
      },
      'golden.csv:3: label: a cell of CSV is text, and `positive` is the number 1; write `positive: "1"`; the same in 2 more rows, such as "z"',
    ],
    [
      'no column of a slice',
      { keys: { slices: '[country]' } },
      'slices: no row has what "country" needs; rows have id, label, a, b',
    ],
    [
      'no column of the request',
      { keys: { request: '{ content-type: text/csv, input: [a, c] }' } },
      'golden.jsonl:1: has no column "c", which request.input names; the same in 39 more rows',
    ],
    [
      'no column of the request in one row',
      { files: { 'golden.jsonl': `${rowsOf(1)}{"id":"x","label":"no","a":1}\n` } },
      'golden.jsonl:2: has no column "b", which request.input names',
    ],
    [
      'another digest',
      { keys: { dataset: `{ path: golden.jsonl, digest: "sha256:${'0a'.repeat(32)}" }` } },
      'golden.jsonl has the digest sha256:',
    ],
  ])('is refused with %s', async (_what, scene, expected) => {
    expect(await problem(scene)).toContain(expected);
  });

  test('is warned of when it has too few rows for any decision', async () => {
    expect(await linted({ files: { 'golden.jsonl': rowsOf(29) } })).toEqual([
      'regression.dataset: golden.jsonl has 29 rows, fewer than minimum-support (30): every verdict is inconclusive, so no version can be delivered',
    ]);
    expect(await linted({ files: { 'golden.jsonl': rowsOf(30) } })).toEqual([]);
  });
});

describe('a policy without a golden set here', () => {
  test('in S3 is not checked, and says so', async () => {
    expect(await linted({ keys: { dataset: 's3://ml-golden/iris.jsonl' }, files: {} })).toEqual([
      'regression.dataset: s3://ml-golden/iris.jsonl is in S3, so its rows are not checked here',
    ]);
  });

  test('needs one, and a request, where a model is asked', async () => {
    const without = { dataset: undefined, request: undefined };
    const missing =
      'regression.dataset: is missing; models are asked with its rows\nregression.request: is missing; it says how a golden row becomes a request';
    expect(await problem({ keys: without })).toBe(missing);
    expect(await problem({ keys: { ...without, candidate: '{ predictions: "{version}.jsonl" }' } })).toBe(missing);
    const files = { candidate: '{ predictions: "{version}.jsonl" }', baseline: '{ predictions: old.jsonl }' };
    expect(await linted({ keys: { ...without, ...files } })).toEqual([]);
  });
});

describe('a place of the candidate', () => {
  test('that is no environment is a mistake', async () => {
    expect(await problem({ keys: { candidate: '{ environment: stagin }' }, more: staging() })).toBe(
      'regression.candidate: environment: the manifest has no environment "stagin"; it has production, staging; did you mean staging?',
    );
  });

  test('that another environment cannot ask is a mistake', async () => {
    const more = staging({ account: '444455556666' });
    expect(await problem({ keys: { candidate: '{ environment: staging }' }, more })).toBe(
      'regression.candidate: environment "staging" is in another account than production, and names no role for its run to reach it: no version could be delivered there',
    );
  });

  test.each(['{ environment: staging }', '{ environment: staging, role: model-tester }'])(
    'that lies in another region is a mistake: %s',
    async (candidate) => {
      expect(await problem({ keys: { candidate }, more: staging({ region: 'eu-central-1' }) })).toBe(
        'regression.candidate: environment "staging" is in another region than production, where SageMaker makes no model of the same package: no version could be delivered there',
      );
    },
  );

  test('that another environment asks by a role is none', async () => {
    const candidate = '{ environment: staging, role: model-tester }';
    expect(await linted({ keys: { candidate }, more: staging({ account: '444455556666' }) })).toEqual([]);
  });

  test('whose role has no account is a mistake', async () => {
    const candidate = '{ environment: staging, role: model-tester }';
    expect(await problem({ keys: { candidate }, more: staging().replace(/ +account.*\n/, '') })).toBe(
      'regression.candidate.role: model-tester is a name, and environment "staging" has no `account`: set it, or give the role\'s ARN',
    );
  });

  test('that only steps have is a mistake in an environment without them', async () => {
    const keys = { candidate: 'dark-variant' };
    expect(await problem({ keys, rollout: rollouts.steps, more: staging() })).toBe(
      'regression.candidate: dark-variant needs strategy: steps, and staging has all-at-once: no version could be delivered there',
    );
    expect(await linted({ keys, rollout: rollouts.steps })).toEqual([
      'regression.candidate: the first version of an endpoint has no dark variant beside another one: use temporary for it',
    ]);
  });
});

describe('rules', () => {
  test.each([
    ['{ metric: accuracy, floor: 80 }', 'accuracy: the floor 80 is outside its range, 0 to 1'],
    ['{ metric: error-rate, ceiling: 5 }', 'error-rate: the ceiling 5 is outside its range, 0 to 1'],
    ['{ metric: roc-auc, max-drop: 2 }', 'roc-auc: the margin 2 of max-drop is larger than its range, 0 to 1'],
  ])('that no answer could break or keep are a mistake: %s', async (rule, expected) => {
    expect(await problem({ keys: { rules: `[${rule}]` } })).toContain(expected);
  });

  test('about a class that no golden row has are a mistake', async () => {
    const keys = {
      ...{ task: 'multiclass-classification', positive: undefined },
      rules: '[{ metric: "recall[maybe]", floor: 0.8 }]',
    };
    expect(await problem({ keys })).toContain('recall[maybe]: the rows have no class maybe');
  });

  test('that only warn let nothing pass', async () => {
    expect(await linted({ keys: { rules: '[{ metric: accuracy, floor: 0.8, level: warn }]' } })).toEqual([
      'regression: every rule only warns, so the gate cannot fail: every verdict is inconclusive, and no version can be delivered',
    ]);
  });

  test('without a floor or a ceiling decide nothing about a first version', async () => {
    expect(await linted({ keys: { rules: '[{ metric: accuracy, max-drop: 0.05 }]' } })).toEqual([
      'regression: where nothing serves yet only a floor or a ceiling decides, and there is none: the first version of an endpoint cannot be tested; add one, e.g. { metric: accuracy, floor: 0.8 }',
    ]);
  });
});

test('every mistake is a line', async () => {
  const text = await problem({ files: {}, keys: { candidate: '{ environment: stagin }' } });
  expect(text.split('\n')).toHaveLength(2);
});

test('a manifest without the section needs no file', async () => {
  const workspace = wholeFiles(() => {
    throw new Error('nothing is to be read');
  });
  expect(await lintRegression(loadManifest(manifestText(), 'delivery.yml'), workspace)).toEqual([]);
});

describe('a load test', () => {
  test('is checked without AWS: enough requests, and no queue of SageMaker before the model', async () => {
    expect(await linted({ keys: { load: '{ rate: 40 }' } })).toEqual([]);
    expect(await linted({ keys: { load: '{ factor: 2 }' } })).toEqual([]);
    expect(await linted({ keys: { load: '{ rate: 1, duration: 60s }' } })).toEqual([
      'regression.load: 60 requests at the target rate cannot show that the limits are kept, which takes 268 or more: set duration to 268s or longer',
    ]);
  });

  test('is refused for an environment whose endpoint is asynchronous, by its name', async () => {
    const queued = staging().replace('instance: {', 'async: { output: "s3://answers/" }, instance: {');
    expect(await problem({ keys: { load: '{ rate: 40 }' }, more: queued })).toMatch(
      /^regression\.load: endpoint iris-staging is asynchronous, where a queue takes any rate/,
    );
  });
});
