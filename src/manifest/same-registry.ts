import type { Environment, Manifest } from './manifest.ts';

type Place = Pick<Environment, 'account' | 'region' | 'role' | 'registry'>;

/**
 * Whether a version may have one approval for both environments. An account or a region that the manifest does not name may be any:
 * otherwise a key that is left out would make two registries of one.
 */
export const mayShareRegistry = (one: Place, other: Place): boolean =>
  isOrMayBe(accountOf(one), accountOf(other)) && isOrMayBe(regionOf(one), regionOf(other));

/** The environments whose approval the gate of one of them decides about, itself included. */
export const sharingRegistry = (manifest: Pick<Manifest, 'environments'>, here: Place): [string, Environment][] =>
  Object.entries(manifest.environments).filter(([, other]) => mayShareRegistry(here, other));

const accountOf = ({ registry, account, role }: Place): string | undefined =>
  registry?.account ?? account ?? (role?.startsWith('arn:') ? role.split(':')[4] : undefined);

const regionOf = ({ registry, region }: Place): string | undefined => registry?.region ?? region;

const isOrMayBe = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || one === other;
