import { isNamedFor } from '../endpoint/names.ts';
import { deployPermissions } from '../endpoint/permissions.ts';
import { valueAt } from '../endpoint/settings.ts';
import type { EndpointSpec, S3Location } from '../manifest/manifest.ts';
import { documentsFor, type IamPolicy, type PublishedName, permissionsFor } from '../permissions.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { defaultReleases } from '../release/location.ts';
import type { Account } from '../world.ts';
import type { Found } from './found.ts';

/** A role that the first delivery needs, and what it does. */
export interface NeededRole {
  readonly role: string;
  readonly does: string;
  readonly permissions: readonly string[];
  /** Least privilege, with the names of this endpoint: what to attach, by the names in docs/permissions. */
  readonly policies: Readonly<Record<string, IamPolicy>>;
}

export interface Needs {
  readonly roles: readonly NeededRole[];
  /** Facts that belong to no policy of the suite. */
  readonly notes: readonly string[];
}

/** The roles and permissions of the first delivery to an adopted endpoint. */
export const needsOf = (account: Account, found: Found, spec: EndpointSpec, model: string): Needs => {
  const { settings, scaling, look } = found;
  const data = String(valueAt(settings, 'container.ModelDataUrl') ?? '');
  const image = String(valueAt(settings, 'container.Image') ?? '');
  const role = String(valueAt(settings, 'model.ExecutionRoleArn') ?? '');
  const releases: S3Location = found.releases ?? defaultReleases(account);
  const key = String(settings.config['KmsKeyId'] ?? '');
  const place = {
    ...account,
    account: account.id,
    model,
    endpoint: found.endpoint,
    executionRole: role.split(':role/').at(-1) || '<execution-role>',
    releases,
    artifacts: parseS3Location(data)?.bucket ?? '<bucket-of-training-artifacts>',
    repository: /^[^/]+\/([^:@]+)/.exec(image)?.[1] ?? '<repository>',
    kmsAlias: key.includes('alias/') ? key.slice(key.indexOf('alias/')) : 'alias/<alias-of-the-key>',
  };
  const needed = (name: PublishedName, does: string, permissions: readonly string[]): NeededRole => ({
    role: name,
    does,
    permissions,
    policies: documentsFor(name, place),
  });
  const { endpointConfig } = look.live;
  return {
    roles: [
      needed('register-model', 'registers versions of the model', permissionsFor('register-model', ['pins'])),
      needed('approve-gate', 'reads the approval', permissionsFor('approve-gate', [])),
      needed(
        'deploy-endpoint',
        'delivers (`role` in the manifest)',
        deployPermissions({
          creates: false,
          serves: false,
          passesRole: role !== '',
          scales: scaling !== undefined,
          encrypts: spec.kmsKey !== undefined,
        }),
      ),
      needed(
        'rollback',
        'takes a version back (`rollback-role`)',
        permissionsFor('rollback', scaling === undefined ? ['updates'] : ['updates', 'scales']),
      ),
    ],
    notes: [
      ...(role === ''
        ? []
        : [
            `the execution role ${role.split('/').at(-1)} has to read the registered artifacts (s3:GetObject on ${releases.bucket}/${releases.prefix}artifacts/*) and the image`,
          ]),
      ...(isNamedFor(found.endpoint, endpointConfig)
        ? []
        : [
            `${endpointConfig} is not named for ${found.endpoint}: a rollback to it needs sagemaker:UpdateEndpoint on endpoint-config/${endpointConfig.toLowerCase()} by name`,
          ]),
      ...(key !== '' && !key.includes('alias/')
        ? ['the policies allow a KMS key by its alias: give the key an alias, or change their conditions']
        : []),
    ],
  };
};
