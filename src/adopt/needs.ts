import { isNamedFor } from '../endpoint/names.ts';
import { deployPermissions } from '../endpoint/permissions.ts';
import { valueAt } from '../endpoint/settings.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import { documentsFor, type IamPolicy, type PublishedName, permissionsFor } from '../permissions.ts';
import type { Place } from '../policy-resources.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { defaultReleases } from '../release/location.ts';
import { withoutUndefined } from '../without-undefined.ts';
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

type Read = 'executionRole' | 'artifacts' | 'repository' | 'kmsAlias';
/** The names that policies are written for, as far as a live endpoint shows them. */
export type KnownPlace = Omit<Place, Read> & Partial<Pick<Place, Read>>;

export const placeOf = (account: Account, { settings, endpoint, releases }: Found, model: string): KnownPlace => {
  const data = String(valueAt(settings, 'container.ModelDataUrl') ?? '');
  const image = String(valueAt(settings, 'container.Image') ?? '');
  const key = String(settings.config['KmsKeyId'] ?? '');
  return {
    ...{ partition: account.partition, region: account.region, account: account.id },
    model,
    endpoint,
    releases: releases ?? defaultReleases(account),
    ...withoutUndefined({
      executionRole: executionRoleOf(settings).split(':role/').at(-1) || undefined,
      artifacts: parseS3Location(data)?.bucket,
      repository: /^[^/]+\/([^:@]+)/.exec(image)?.[1],
      kmsAlias: key.includes('alias/') ? key.slice(key.indexOf('alias/')) : undefined,
    }),
  };
};

const executionRoleOf = (settings: Found['settings']): string =>
  String(valueAt(settings, 'model.ExecutionRoleArn') ?? '');

/** The roles and permissions of the first delivery to an adopted endpoint. */
export const needsOf = (account: Account, found: Found, spec: EndpointSpec, model: string): Needs => {
  const { settings, scaling, look } = found;
  const role = executionRoleOf(settings);
  const key = String(settings.config['KmsKeyId'] ?? '');
  const known = placeOf(account, found, model);
  const { releases } = known;
  const place: Place = {
    executionRole: '<execution-role>',
    artifacts: '<bucket-of-training-artifacts>',
    repository: '<repository>',
    kmsAlias: 'alias/<alias-of-the-key>',
    ...known,
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
