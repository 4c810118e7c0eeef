/** Requests across two accounts, where both sides must allow: for tools/verify-policies.ts. */
import { AwsError } from '../simulator/contracts.ts';
import { mayPass } from '../simulator/iam/across.ts';
import { demandsOf } from '../simulator/iam/demands.ts';
import { evaluate } from '../simulator/iam/evaluate.ts';
import { parsePolicy } from '../simulator/iam/policy.ts';
import { readResourcePolicy } from '../simulator/iam/resource-policy.ts';
import { approveGate } from '../src/operations/approve-gate.ts';
import { deployEndpoint } from '../src/operations/deploy-endpoint.ts';
import { type SharingName, sharingPolicies } from '../src/policy-sharing.ts';
import { rehearsedTeam as team } from '../src/rehearsal/manifest.ts';
import { accounts, byPolicy, byRole, share, sharedManifest, sharing } from '../src/rehearsal/two-accounts.ts';
import { type PublishedPolicy, requestsUnder, sharedPolicies } from '../test/support/policy-requests.ts';
import { openSharedAccount, registerInTooling } from '../test/support/shared-registry.ts';

type Document = PublishedPolicy['document'];

export interface SharedRequest {
  readonly name: string;
  /** ARN of the calling role. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** The account of the resource. */
  readonly owner: string;
  readonly identity?: Document;
  readonly resourcePolicy?: Document;
  readonly allowed: boolean;
}

const registry = '999988887777';
const deliverer = '111122223333';
const stranger = '444455556666';
const everything: Document = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'All', Effect: 'Allow', Action: ['*'], Resource: ['*'] }],
};

/** The policy on the other side, by the service of the action. */
const guards: Readonly<Record<string, SharingName>> = {
  ecr: 'repository-policy',
  kms: 'key-policy',
  s3: 'bucket-policy',
  sagemaker: 'group-policy',
  sts: 'registry-reader-trust',
};
const guardOf = (action: string): SharingName => {
  const name = guards[action.split(':')[0] ?? ''];
  if (name === undefined) throw new Error(`no policy of a resource guards ${action}`);
  return name;
};

const roleOf = (account: string, name: string): string => `arn:aws:iam::${account}:role/${name}`;

/** Of `docs/permissions/two-accounts`: each permission of a role with both sides, and with each side alone; each grant of a resource. */
export const publishedRequests = (): readonly SharedRequest[] => {
  const published = new Map(sharedPolicies().map(({ name, document }) => [name, document]));
  const policy = (name: string): Document => {
    const found = published.get(name);
    if (found === undefined) throw new Error(`docs/permissions/two-accounts has no ${name}.json`);
    return found;
  };
  const across = (identity: string, role: string): readonly SharedRequest[] =>
    requestsUnder({ name: identity, document: policy(identity) }).flatMap(({ name, action, resource, allowed }) => {
      const resourcePolicy = policy(guardOf(action));
      const one = { principal: roleOf(deliverer, role), action, resource, owner: resource.split(':')[4] || registry };
      const title = `${identity}: ${name}`;
      const both = { ...one, name: title, identity: policy(identity), resourcePolicy, allowed };
      if (!allowed) return [both];
      return [
        both,
        { ...one, name: `${title}, by its own policy alone`, identity: policy(identity), allowed: false },
        { ...one, name: `${title}, by ${guardOf(action)} alone`, resourcePolicy, allowed: false },
        { ...both, name: `${title}, of a third account`, principal: roleOf(stranger, role), allowed: false },
      ];
    });
  const reader = requestsUnder({ name: 'registry-reader', document: policy('registry-reader') }).map(
    ({ name, action, resource, allowed }): SharedRequest => ({
      name: `registry-reader: ${name}`,
      principal: roleOf(registry, 'registry-reader'),
      action,
      resource,
      owner: resource.split(':')[4] || registry,
      identity: policy('registry-reader'),
      allowed,
    }),
  );
  const granted = Object.values(guards).flatMap((name) =>
    policy(name).Statement.flatMap(({ Sid, Action, Principal, Resource = [resourceOf(name)] }) =>
      (Principal?.AWS ?? []).flatMap((principal) =>
        Action.flatMap((action) =>
          Resource.flatMap((pattern): readonly SharedRequest[] => {
            const resource = pattern === '*' ? resourceOf(name) : pattern.replace(/\*$/, '7');
            const one = { action, resource, owner: registry, identity: everything, resourcePolicy: policy(name) };
            const title = `${name}: ${Sid}: ${action} on ${resource}`;
            return [
              { ...one, name: `${title} by ${principal}`, principal, allowed: true },
              ...[principal.replace(deliverer, stranger), principal.replace(/role\/.*/, 'role/another')].map(
                (other) => ({
                  ...one,
                  name: `${title} by ${other}`,
                  principal: other,
                  allowed: false,
                }),
              ),
            ];
          }),
        ),
      ),
    ),
  );
  return [...across('deployer', 'model-deployer'), ...across('execution-role', 'churn-serving'), ...reader, ...granted];
};

/** The resource of a policy that names none, because it always means its own. */
const resourceOf = (name: string): string =>
  ({
    'key-policy': `arn:aws:kms:eu-west-1:${registry}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    'registry-reader-trust': roleOf(registry, 'registry-reader'),
    'repository-policy': `arn:aws:ecr:eu-west-1:${registry}:repository/churn-serving`,
  })[name] ?? '*';

/** The requests that a delivery over both ways to a registry sends to the registry's account, as the simulator logs them. */
export const recordedRequests = async (): Promise<readonly SharedRequest[]> => {
  const account = await openSharedAccount();
  try {
    await share(account.simulator);
    await registerInTooling(account, '1.0.0', true);
    const from = account.simulator.requests.length;
    for (const way of [byRole, byPolicy]) {
      account.writeManifest(() => sharedManifest({ staging: way, production: way }));
      for (const operation of [approveGate, deployEndpoint] as const)
        for (const environment of ['staging', 'production']) {
          const report = await account.run(operation as typeof deployEndpoint, { environment, version: '1.0.0' });
          if (report?.result.outcome !== 'succeeded') throw new Error(`${operation.name}: ${report?.result.because}`);
        }
    }
    const sent = account.simulator.requests.slice(from).flatMap(({ principal, service, operation, input, error }) => {
      const [, , , , owner = '', session = ''] = principal.split(':');
      const role = session.split('/')[1] ?? '';
      if (error !== undefined || !session.startsWith('assumed-role/')) return [];
      const arn = (of: string, resource: string): string => `arn:aws:${of}:${team.region}:${owner}:${resource}`;
      const call = { service, operation, input: input as Readonly<Record<string, unknown>> };
      return demandsOf({ arn }, call).map(({ action, resource }) => ({ action, resource, owner, role }));
    });
    const policies = sharingPolicies(sharing);
    const rows = sent
      .filter(({ resource }) => resource.includes(accounts.tooling))
      .map(({ action, resource, owner, role }): SharedRequest => {
        const ofReader = owner === accounts.tooling;
        return {
          name: `sent by ${role} of ${owner}: ${action} on ${resource}`,
          principal: roleOf(owner, role),
          action,
          resource,
          owner: accounts.tooling,
          identity: policies[ofReader ? 'registry-reader' : 'deployer'] as unknown as Document,
          ...(ofReader ? {} : { resourcePolicy: policies[guardOf(action)] as unknown as Document }),
          allowed: true,
        };
      });
    return [...new Map(rows.map((row) => [row.name, row])).values()];
  } finally {
    await account.close();
  }
};

/** Our own evaluators: the identity's policy, and the resource's. */
export const evaluateOurs = ({
  principal,
  action,
  resource,
  owner,
  identity,
  resourcePolicy,
}: SharedRequest): boolean => {
  const accountId = principal.split(':')[4] ?? '';
  const own = identity === undefined ? [] : [parsePolicy(identity)];
  if (evaluate(own, { action, resource, context: () => [] }) !== 'allowed') return false;
  const decide =
    resourcePolicy &&
    readResourcePolicy(JSON.stringify(resourcePolicy), {
      malformed: (message) => new AwsError('Malformed', message),
      notServed: (words) => new AwsError('NotServed', words),
      ...(resourcePolicy.Statement.every(({ Resource }) => Resource !== undefined) ? { mayName: () => true } : {}),
    });
  const caller = { accessKeyId: 'ASIA', arn: principal, accountId };
  return mayPass(decide?.({ principal: caller, action, resource }) ?? 'silent', caller, owner);
};
