import { documentsFor, policyFor, publishedNames, unasked } from '../src/permissions.ts';
import type { Condition } from '../src/policy-conditions.ts';
import { type Duties, dutyPolicies } from '../src/policy-duties.ts';
import type { Place } from '../src/policy-resources.ts';
import { type Sharing, sharingPolicies } from '../src/policy-sharing.ts';

/** The place of the policies: the names of `examples/delivery.yml`. */
const example: Place = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '111122223333',
  model: 'churn',
  endpoint: 'churn',
  executionRole: 'churn-serving',
  releases: { bucket: 'ml-releases', prefix: 'churn/' },
  artifacts: 'ml-training',
  repository: 'churn-serving',
  kmsAlias: 'alias/ml',
};

/** The registry of the policies for two accounts. */
const shared: Sharing = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '999988887777',
  model: 'churn',
  artifacts: { bucket: 'ml-registry', prefix: 'churn/' },
  repository: 'churn-serving',
  reader: 'registry-reader',
  deliverers: [{ account: '111122223333', deployer: 'model-deployer', execution: 'churn-serving' }],
};

/** The roles of `docs/separation-of-duties.md`. */
const separated: Duties = {
  ...example,
  repositories: ['acme/churn', 'acme@123456/churn@789012'],
  refs: ['heads/main', 'tags/churn_v*'],
  environments: { approver: 'model-approval', deployer: 'production' },
};

const json = (document: object): string => `${JSON.stringify(document, undefined, 2)}\n`;

/** Path → content of every policy. */
export const policyFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ...publishedNames.flatMap((policy) =>
      Object.entries(documentsFor(policy, example)).map(
        ([name, document]) => [`docs/permissions/${name}.json`, json(document)] as const,
      ),
    ),
    ...Object.entries(sharingPolicies(shared)).map(
      ([name, document]) => [`docs/permissions/two-accounts/${name}.json`, json(document)] as const,
    ),
    ...Object.entries(dutyPolicies(separated)).map(
      ([name, document]) => [`docs/permissions/duties/${name}.json`, json(document)] as const,
    ),
  ]);

/** Each policy's permissions, statement by statement, for the page that explains them. */
export const policyTables = (): string =>
  publishedNames
    .flatMap((policy) => [
      `### ${policy}`,
      '',
      Object.keys(documentsFor(policy, example))
        .map((name) => `[\`${name}.json\`](${name}.json)`)
        .join(' and '),
      '',
      '| statement | actions | |',
      '| --- | --- | --- |',
      ...policyFor(policy, example).Statement.map(({ Sid, Action, Condition }) => {
        const why = Action.map((action) => unasked(policy).get(action)).find((because) => because !== undefined);
        const reason = Sid.startsWith('Let') ? (why ?? '') : '';
        return `| ${Sid} | ${Action.map((action) => `\`${action}\``).join(' ')} | ${[reason, ...conditionsOf(Condition)].filter(Boolean).join('; ')} |`;
      }),
      '',
    ])
    .join('\n')
    .trimEnd();

const conditionsOf = (condition: Condition = {}): readonly string[] =>
  Object.entries(condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => {
      if (operator === 'Null') return `only ${value === 'true' ? 'without' : 'with'} \`${key}\``;
      return `only with \`${key}\` ${operator} ${[value]
        .flat()
        .map((one) => `\`${one}\``)
        .join(' or ')}`;
    }),
  );
