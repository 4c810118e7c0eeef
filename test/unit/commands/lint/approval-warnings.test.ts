import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { approvalWarnings } from '../../../../src/commands/lint/approval-warnings.ts';
import type { Protection } from '../../../../src/github/environments.ts';

const deliver = 'acme/model-delivery/.github/workflows/deliver.yml@v1';
const action = (name: string) => `acme/model-delivery/actions/${name}@v1`;

const warningsFor = (jobs: object, protections?: Readonly<Record<string, Protection>>) =>
  approvalWarnings(
    [{ path: 'release.yml', text: stringify({ on: 'push', jobs }) }],
    protections && (async (environment) => protections[environment] ?? { is: 'absent' }),
  );
const call = (given: object) => ({ uses: deliver, with: { environment: 'production', ...given } });
const approved = { 'approval-status': 'Approved' };

describe('a version that is registered as Approved', () => {
  it.each<[Protection, readonly string[]]>([
    [{ is: 'reviewed', reviewers: 1 }, []],
    [
      { is: 'unreviewed' },
      [
        'release.yml, job ship: the version is registered as Approved, and the GitHub environment production has no required reviewers: anyone who can push can deploy. Add required reviewers, or register it as PendingManualApproval',
      ],
    ],
    [{ is: 'absent' }, [expect.stringContaining('there is no GitHub environment production')]],
    [{ is: 'unknown', because: '403: no' }, [expect.stringContaining('did not show whether it has some (403: no)')]],
  ] as [Protection, readonly string[]][])(
    'is warned of by the protection of its environment: %j',
    async (production, expected) => {
      expect(await warningsFor({ ship: call(approved) }, { production })).toEqual(expected);
    },
  );

  it('is warned of where GitHub cannot be asked', async () => {
    expect(await warningsFor({ ship: call(approved) })).toEqual([
      expect.stringContaining('reviewers of the GitHub environment production decide: check'),
    ]);
  });

  it('is guarded by `github-environment` where the call names one', async () => {
    const jobs = { ship: call({ ...approved, 'github-environment': 'guarded' }) };
    expect(await warningsFor(jobs, { guarded: { is: 'reviewed', reviewers: 1 } })).toEqual([]);
    expect(await warningsFor(jobs, { production: { is: 'reviewed', reviewers: 1 } })).toHaveLength(1);
  });

  it('is warned of wherever the workflow delivers it', async () => {
    const jobs = { staging: call({ ...approved, environment: 'staging' }), production: call({}) };
    const warnings = await warningsFor(jobs, { production: { is: 'reviewed', reviewers: 2 } });
    expect(warnings).toEqual([expect.stringContaining('job staging: ')]);
  });

  it('is warned of where steps register and deploy', async () => {
    const steps = [
      { uses: action('register-model'), with: approved },
      { uses: action('deploy-endpoint'), with: {} },
    ];
    expect(await warningsFor({ ship: { steps } })).toEqual([
      expect.stringContaining('the job has no GitHub environment: anyone who can push can deploy'),
    ]);
    const guarded = { environment: { name: 'production', url: 'https://x.example' }, steps };
    expect(await warningsFor({ ship: guarded }, { production: { is: 'reviewed', reviewers: 1 } })).toEqual([]);
    expect(await warningsFor({ ship: { environment: 'production', steps } }, {})).toHaveLength(1);
  });

  it('is warned of where an expression may approve it, or names the environment', async () => {
    const perhaps = `\${{ github.ref_type == 'tag' && 'PendingManualApproval' || 'Approved' }}`;
    const jobs = { ship: call({ environment: `\${{ inputs.stage }}`, 'approval-status': perhaps }) };
    expect(await warningsFor(jobs, {})).toEqual([expect.stringContaining('known only when the workflow runs')]);
  });
});

describe('nothing is warned of', () => {
  it.each([
    ['a version that waits for its approval', { ship: call({ 'approval-status': 'PendingManualApproval' }) }],
    ['the default', { ship: call({}) }],
    ['a plan', { ship: call({ ...approved, 'dry-run': true }) }],
    ['a rollback', { ship: call({ ...approved, rollback: 'true' }) }],
    ['a registration alone', { ship: { steps: [{ uses: action('register-model'), with: approved }] } }],
    [
      'a deployment by another workflow',
      { ship: { uses: 'acme/other/.github/workflows/ship.yml@v1', with: approved } },
    ],
    ['a job that is none', { ship: null }],
  ])('for %s', async (_, jobs) => {
    expect(await warningsFor(jobs)).toEqual([]);
  });

  it.each([
    'jobs: {a: {steps: {x: 1}}}',
    'jobs: {a: {steps: [null, 5, x]}}',
    '',
    '- a list',
    'jobs: 7',
    'a: {',
    'jobs: [1]',
  ])('for a file that is no workflow: %j', async (text) => {
    expect(await approvalWarnings([{ path: 'x.yml', text }])).toEqual([]);
  });
});

it('warns of the examples what their comments say', async () => {
  const read = (path: string) => [{ path, text: readFileSync(path, 'utf8') }];
  const reviewed = async (): Promise<Protection> => ({ is: 'reviewed', reviewers: 1 });
  expect(await approvalWarnings(read('examples/github-flow.yml'), reviewed)).toEqual([]);
  expect(await approvalWarnings(read('examples/github-flow.yml'))).toEqual([
    expect.stringMatching(
      /^examples\/github-flow\.yml, job churn: .*only the reviewers of the GitHub environment production/,
    ),
  ]);
  // Its final versions wait for the registry.
  expect(await approvalWarnings(read('examples/gitflow.yml'))).toEqual([]);
  expect(await approvalWarnings(read('examples/rollback.yml'))).toEqual([]);
});

it.each([
  ['github-flow.yml', {}, 'production'],
  ['github-flow.yml', { production: 'live' }, 'live'],
  ['github-flow.yml', { 'approval-status': 'PendingManualApproval' }, undefined],
  ['gitflow.yml', { 'final-approval-status': 'Approved' }, 'production'],
  ['gitflow.yml', { 'approval-status': 'Approved' }, undefined],
  ['other-github-flow.yml', {}, undefined],
])('a call of %s with %j leaves the decision to the reviewers of %s', async (file, given, environment) => {
  const text = JSON.stringify({
    jobs: { churn: { uses: `OWNER/model-delivery/.github/workflows/${file}@v1`, with: given } },
  });
  const warnings = await approvalWarnings([{ path: 'ship.yml', text }]);
  expect(warnings.map((one) => /GitHub environment (\w+)/.exec(one)?.[1])).toEqual(
    environment === undefined ? [] : [environment],
  );
});
