import { describe, expect, it } from '@jest/globals';
import { branchesFrom, type Checkout, repositoryFrom, sourceFrom, stagesFrom } from '../../../src/init/facts.ts';
import type { FlowName } from '../../../src/init/setup.ts';

const acme = { host: 'github.com', owner: 'acme', name: 'churn' };
const given = (flow: FlowName = 'github-flow') => ({ flow, develop: 'develop' });

describe('the main branch', () => {
  type Seen = Omit<Checkout, 'root'>;
  const rows: readonly (readonly [title: string, flow: FlowName, seen: Seen, main: string, byDefault: string])[] = [
    ['of an empty repository', 'github-flow', { current: 'trunk', branches: [] }, 'trunk', 'trunk'],
    ['of one branch', 'github-flow', { current: 'trunk', branches: ['trunk'] }, 'trunk', 'trunk'],
    [
      'is the default one of origin',
      'github-flow',
      { byDefault: 'trunk', current: 'fix', branches: ['main', 'trunk', 'fix'] },
      'trunk',
      'trunk',
    ],
    [
      'has the usual name where origin shows none',
      'github-flow',
      { current: 'fix', branches: ['fix', 'master'] },
      'master',
      'master',
    ],
    [
      'with Gitflow is not the default branch develop',
      'gitflow',
      { byDefault: 'develop', current: 'develop', branches: ['develop', 'main'] },
      'main',
      'develop',
    ],
  ];
  it.each(rows)('%s', (_title, flow, seen, main, byDefault) => {
    expect(branchesFrom(given(flow), seen)).toEqual({ main, develop: 'develop', byDefault });
  });

  it.each<readonly [string, FlowName, Seen]>([
    ['branches of work', 'github-flow', { current: 'fix', branches: ['fix', 'feature'] }],
    ['a commit without a branch', 'github-flow', { branches: [] }],
    ['develop alone', 'gitflow', { current: 'develop', branches: ['develop'] }],
  ])('is not known from %s', (_title, flow, seen) => {
    expect(() => branchesFrom(given(flow), seen)).toThrow(
      'main: git does not show which branch is the main branch; give --main BRANCH',
    );
  });

  it('goes into a workflow: a name that is a pattern there is refused', () => {
    expect(() => branchesFrom(given(), { current: 'a+b', branches: [] })).toThrow(
      'main: "a+b" is not allowed; expected a branch of letters, digits, ., _, / and -',
    );
  });

  it('is not the development branch', () => {
    expect(() => branchesFrom({ ...given('gitflow'), main: 'develop' }, { branches: [] })).toThrow(
      'main: develop is also the development branch; give another --develop',
    );
  });
});

describe('the environments', () => {
  it('are two or three, in their order; production has the endpoint', () => {
    expect(stagesFrom('staging,production', 'churn')).toEqual({
      staging: { name: 'staging', endpoint: 'churn-staging' },
      production: { name: 'production', endpoint: 'churn' },
    });
    expect(stagesFrom('dev, pre_prod, live', 'churn')).toEqual({
      dev: { name: 'dev', endpoint: 'churn-dev' },
      staging: { name: 'pre_prod', endpoint: 'churn-pre-prod' },
      production: { name: 'live', endpoint: 'churn' },
    });
  });

  it.each([
    'production',
    'a,b,c,d',
    'staging,staging',
    'staging,',
    'sta ging,production',
    `staging,${'p'.repeat(33)}`,
    'staging;production',
  ])('%s are none', (names) => {
    expect(() => stagesFrom(names, 'churn')).toThrow(
      `environments: ${JSON.stringify(names)} is not allowed; expected two or three different names`,
    );
  });

  it.each([
    ['prod-rollback,prod', 'prod-rollback'],
    ['Prod,prod', 'prod'],
    ['dev,LIVE-Rollback,live', 'live-rollback'],
  ])('%s are one environment of GitHub', (names, twice) => {
    expect(() => stagesFrom(names, 'churn')).toThrow(
      `environments: "${names}" makes the GitHub environment ${twice} twice: their names have no case`,
    );
  });

  it('have an endpoint each', () => {
    expect(() => stagesFrom('a_b,a-b,live', 'churn')).toThrow(
      'environments: a_b and a-b have one endpoint, churn-a-b: its name has - for _; give other names',
    );
  });

  it('have names that policies can name', () => {
    expect(() => stagesFrom('staging,production', 'e'.repeat(49))).toThrow(/^endpoint: e+ has more than 48 characters/);
    expect(() => stagesFrom('staging,production', 'e'.repeat(41))).toThrow(/^endpoint: e+-staging has more than 48/);
    expect(() => stagesFrom('staging,production', 'e'.repeat(40))).not.toThrow();
  });
});

describe('the repository', () => {
  it('is that of origin, or the given one', () => {
    expect(repositoryFrom(given(), { origin: 'git@github.com:acme/churn.git' })).toEqual(acme);
    expect(repositoryFrom({ ...given(), repository: 'ghe.acme.com/acme/churn', ids: '1/2' }, {})).toEqual({
      ...acme,
      host: 'ghe.acme.com',
      ids: { owner: '1', repository: '2' },
    });
  });

  it('is missing: the error names the option, and shows no address', () => {
    expect(() => repositoryFrom(given(), {})).toThrow(
      'repository: this git repository has no remote origin; give --repository OWNER/NAME',
    );
    expect(() => repositoryFrom(given(), { origin: 'https://mina:secret@example.com/a/b/c' })).toThrow(
      /^repository: the remote origin is no repository at GitHub \(an alias of ssh hides the host\); give --repository OWNER\/NAME$/,
    );
    expect(() => repositoryFrom({ ...given(), repository: 'churn' }, {})).toThrow(
      'repository: "churn" is not allowed; expected OWNER/NAME or HOST/OWNER/NAME',
    );
  });
});

it('the workflows are those of the owner, or of the given commit', () => {
  expect(sourceFrom(given(), acme)).toEqual({ repository: 'acme/model-delivery', ref: 'v1' });
  const from = `tools/model-delivery@${'0'.repeat(40)}`;
  expect(sourceFrom({ ...given(), from }, acme)).toEqual({ repository: 'tools/model-delivery', ref: '0'.repeat(40) });
});
