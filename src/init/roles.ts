import { documentsFor, type IamPolicy, type PublishedName } from '../permissions.ts';
import type { Place } from '../policy-resources.ts';
import { subjectsOf, type TrustPolicy, trustPolicy } from '../policy-trust.ts';
import { issuerOf, namesInTokens } from './repository.ts';
import { deployerOf, plannerOf, restorerOf, rollbackOf, type Setup, type Stage, stagesOf, testerOf } from './setup.ts';

/** A role of AWS, whole: who gets it, and what it may do. */
export interface DeliveryRole {
  readonly name: string;
  readonly does: string;
  /** The jobs that assume it. */
  readonly jobs: string;
  readonly trust: TrustPolicy;
  /** Managed policies by name; the role needs all of them. */
  readonly policies: Readonly<Record<string, IamPolicy>>;
}

/** A policy for a manifest without `kms-key` has no statement about one (docs/permissions). */
const noKey = 'alias/<none>';
const withoutKey = ({ Version, Statement }: IamPolicy): IamPolicy => ({
  Version,
  Statement: Statement.filter((statement) => !JSON.stringify(statement).includes(noKey)),
});

/** The roles of docs/workflows.md: one plans, one tests, and for each environment one delivers and one goes back. */
export const rolesOf = (setup: Setup): readonly DeliveryRole[] => {
  const { account, model, repository, shared, flow, branches, staging, production } = setup;
  const stages = stagesOf(setup);
  const placeOf = ({ endpoint }: Stage): Place => ({
    ...{ partition: account.partition, region: account.region, account: account.id },
    kmsAlias: noKey,
    ...shared,
    ...{ model, endpoint },
    // The flows register with one or the other, by their inputs.
    registersAs: ['Approved', 'PendingManualApproval'],
  });
  const policies = (policy: PublishedName, stage: Stage, end = ''): DeliveryRole['policies'] =>
    Object.fromEntries(
      Object.entries(documentsFor(policy, placeOf(stage))).map(([name, document]) => [
        `${name}${end}`,
        withoutKey(document),
      ]),
    );
  const inEach = (policy: PublishedName): DeliveryRole['policies'] =>
    Object.assign({}, ...stages.map((stage) => policies(policy, stage, `-${stage.name}`)));

  const jobs = subjectsOf(namesInTokens(repository));
  const trust = (subjects: readonly string[]): TrustPolicy =>
    trustPolicy({ partition: account.partition, account: account.id, issuer: issuerOf(repository) }, subjects);
  const heads = [
    ...new Set([
      branches.main,
      ...(flow === 'gitflow' ? [branches.develop, 'release/*', 'hotfix/*'] : []),
      branches.byDefault,
    ]),
  ];
  const onRefs = jobs.onRefs(...heads.map((head) => `heads/${head}`), `tags/${model}_v*`);
  const onWhich = `${heads.map((head) => `\`${head}\``).join(', ')} and the tags \`${model}_v*\``;

  return [
    {
      name: plannerOf(setup),
      does: 'plans deliveries, and registers versions; it changes no endpoint',
      jobs: `without an environment, of ${onWhich}, and of pull requests`,
      trust: trust([...onRefs, ...jobs.ofPullRequests()]),
      policies: { ...policies('register-model', production), ...inEach('plan') },
    },
    {
      name: testerOf(setup),
      does: 'asks the candidate and the version that serves, and writes the verdict (`regression:` in the manifest)',
      jobs: `without an environment, of ${onWhich}`,
      trust: trust(onRefs),
      policies: inEach('regression-test'),
    },
    ...stages.flatMap((stage): readonly DeliveryRole[] => [
      {
        name: deployerOf(stage),
        does: `delivers to ${stage.name}`,
        jobs: `of the environment \`${stage.name}\``,
        trust: trust(jobs.inEnvironments(stage.name)),
        policies: {
          ...policies('deploy-endpoint', stage),
          // The record of the environment that the version has to serve well in before.
          ...(stage === production ? policies('after', staging, `-${staging.name}`) : {}),
        },
      },
      {
        name: restorerOf(stage),
        does: `takes ${stage.name} back to a version that served well`,
        jobs: `of the environments \`${stage.name}\` and \`${rollbackOf(stage)}\``,
        trust: trust(jobs.inEnvironments(stage.name, rollbackOf(stage))),
        policies: policies('rollback', stage),
      },
    ]),
  ];
};
