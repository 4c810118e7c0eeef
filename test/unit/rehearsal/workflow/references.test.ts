import { describe, expect, test } from '@jest/globals';
import { plain, playable, withoutQueue } from '../../../../src/rehearsal/workflow/plain.ts';
import { namedIn, referencesOf } from '../../../../src/rehearsal/workflow/references.ts';
import { suiteFiles } from '../../../../src/rehearsal/workflow/suite.ts';

const release = '.github/workflows/release.yml';
const files = (texts: Readonly<Record<string, string>>): ReadonlyMap<string, string> => new Map(Object.entries(texts));

describe('the references of a workflow', () => {
  test('to the suite by any owner, name and ref; all others are of other people', () => {
    const text = `
on: push
jobs:
  a:
    uses: acme/model-delivery/.github/workflows/deliver.yml@v1
  b:
    steps:
      - uses: "fork/delivery/actions/rollback@0123456789012345678901234567890123456789" # v1.2.0
      - { uses: acme/model-delivery/actions/deploy-endpoint@v1 }
      - uses: actions/checkout@v6
      - uses: acme/model-delivery/actions/no-such-action@v2
      - uses: acme/tools/.github/workflows/deliver-other.yml@main
      - uses: docker://alpine:3
      - run: "uses: nobody/model-delivery/actions/rollback@v1"
`;
    expect(referencesOf(files({ [release]: text }), release, suiteFiles())).toEqual({
      homes: expect.arrayContaining([
        'acme/model-delivery@v1',
        'fork/delivery@0123456789012345678901234567890123456789',
      ]),
      others: expect.arrayContaining(['actions/checkout@v6', 'acme/model-delivery@v2', 'acme/tools@main']),
    });
  });

  test("through the suite's own workflows, which use other people's actions", () => {
    const text = 'jobs: { a: { uses: acme/model-delivery/.github/workflows/github-flow.yml@v1 } }';
    const { others } = referencesOf(files({ [release]: text }), release, suiteFiles());
    expect(others.map((uses) => uses.replace(/@.*/, '')).sort()).toEqual([
      'actions/checkout',
      'actions/download-artifact',
    ]);
  });

  test('through workflows and actions of the repository, also in a circle; other files do not count', () => {
    const found = referencesOf(
      files({
        [release]: 'jobs: { a: { uses: ./.github/workflows/inner.yml } }',
        '.github/workflows/inner.yml': 'jobs: { a: { steps: [{ uses: ./ops/deliver }] } }',
        'ops/deliver/action.yaml':
          'runs: { steps: [{ uses: acme/delivery/actions/deploy-endpoint@v1 }, { uses: ./ops/deliver }] }',
        '.github/workflows/elsewhere.yml': 'jobs: { a: { steps: [{ uses: acme/delivery/actions/rollback@v9 }] } }',
      }),
      release,
      suiteFiles(),
    );
    expect(found).toEqual({ homes: ['acme/delivery@v1'], others: [] });
  });
});

test('the names in the workflows: roles, buckets, images, artifacts, training jobs, labels', () => {
  const text = `
on: push
env:
  IMAGE: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/churn:\${{ github.sha }}
jobs:
  a:
    runs-on: [self-hosted, gpu]
    with:
      planner-role: model-planner
      tester-role: \${{ vars.TESTER }}
      training-job: churn-nightly
      artifact: s3://ml-models/churn/1/model.tar.gz
    steps:
      - uses: aws-actions/configure-aws-credentials@v6
        with: { role-to-assume: "arn:aws:iam::999988887777:role/ci/trainer" }
      - run: aws s3 cp x "s3://ml-training/$GITHUB_SHA/" && docker pull 763104351884.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7-1
`;
  expect(namedIn(files({ [release]: text, 'broken/action.yml': 'a: [' }))).toEqual({
    roles: expect.arrayContaining(['model-planner', 'arn:aws:iam::999988887777:role/ci/trainer']),
    buckets: ['ml-models', 'ml-training'],
    images: [
      `111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/churn:\${{ github.sha }}`,
      '763104351884.dkr.ecr.us-east-1.amazonaws.com/xgboost:1.7-1',
    ],
    artifacts: ['s3://ml-models/churn/1/model.tar.gz'],
    trainingJobs: ['churn-nightly'],
    runners: expect.arrayContaining(['self-hosted', 'gpu']),
  });
});

describe('a workflow for act', () => {
  test('has the address that the user wrote, no queue, and one job of a matrix at a time', () => {
    const text = `jobs:
  a:
    concurrency:
      group: x
      queue: max
    strategy:
      fail-fast: false
      max-parallel: 4
      matrix: { a: [1, 2] }
    steps:
      - uses: $/actions/rollback
  b:
    strategy: { matrix: { a: [1] } }
`;
    expect(playable(text, 'acme/delivery@main')).toBe(`jobs:
  a:
    concurrency:
      group: x
    strategy:
      max-parallel: 1
      fail-fast: false
      matrix: { a: [1, 2] }
    steps:
      - uses: acme/delivery/actions/rollback@main
  b:
    strategy: { max-parallel: 1, matrix: { a: [1] } }
`);
  });

  test("keeps the user's references", () => {
    const text = '    uses: OWNER/model-delivery/.github/workflows/deliver.yml@v1\n';
    expect(playable(text)).toBe(text);
    expect(plain(text)).toBe('    uses: ./.github/workflows/deliver.yml\n');
  });
});

test.each([
  ['concurrency:\n  group: a\n  queue: max\njobs:\n', 'concurrency:\n  group: a\njobs:\n'],
  ['concurrency:\n  group: a\n  queue: max # in order\njobs:\n', 'concurrency:\n  group: a\njobs:\n'],
  ['concurrency:\r\n  queue: max\r\n  group: a\r\n', 'concurrency:\r\n  group: a\r\n'],
  ['concurrency: { group: a, queue: max }\n', 'concurrency: { group: a }\n'],
  [
    '    concurrency: { group: a, queue: max, cancel-in-progress: false }\n',
    '    concurrency: { group: a, cancel-in-progress: false }\n',
  ],
  ['concurrency: { queue: max, group: a }\n', 'concurrency: { group: a }\n'],
  ['env: { queue: max, group: a }\n', 'env: { queue: max, group: a }\n'],
])('a queue is left out, however it is written: %j', (text, expected) => {
  expect(withoutQueue(text)).toBe(expected);
});
