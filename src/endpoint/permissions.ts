import { type Need, type PolicyName, permissionsFor } from '../permissions.ts';

/** The IAM actions a delivery needs, for the plan. */
export const deployPermissions = (facts: {
  readonly creates: boolean;
  readonly serves: boolean;
  readonly passesRole: boolean;
  readonly scales: boolean;
  readonly encrypts: boolean;
  readonly resizes?: boolean;
}): readonly string[] => {
  const needs: readonly (Need | false)[] = [
    facts.scales && 'scales',
    facts.resizes === true && 'resizes',
    !facts.serves && 'publishes',
    !facts.serves && (facts.creates ? 'creates' : 'updates'),
    !facts.serves && facts.passesRole && 'passes-role',
    !facts.serves && facts.encrypts && 'encrypts',
  ];
  return permissionsFor(
    'deploy-endpoint',
    needs.filter((need) => need !== false),
  );
};

/** Those of a delivery that also sends the requests of `smoke`. */
export const askingPermissions = (others: readonly string[]): readonly string[] =>
  [...new Set([...others, ...permissionsFor('deploy-endpoint', ['asks'])])].sort();

/** SageMaker knows the key that encrypts the volumes; this plan does not. The policy has the permissions for a key. */
export const rollbackPermissions = ({ scales }: { readonly scales: boolean }): readonly string[] =>
  permissionsFor('rollback', scales ? ['updates', 'scales'] : ['updates']);

export const stepPermissions = ({ scales }: { readonly scales: boolean }): readonly string[] =>
  permissionsFor('shift-traffic', scales ? ['updates', 'scales'] : ['updates']);

/** Those of a release that also writes the manifest's `stage`. */
export const stagePermissions = (operation: PolicyName, others: readonly string[]): readonly string[] =>
  [...new Set([...others, ...permissionsFor(operation, ['stages'])])].sort();
