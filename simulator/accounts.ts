import type { Kernel, Keys } from './contracts.ts';
import type { Principals } from './principals.ts';
import {
  type CommonServices,
  composeServices,
  createCommonServices,
  ownBuckets,
  type Services,
} from './services/services.ts';

/** The accounts of the simulation, each with its regions. An account exists when a role lies in it, or a call names it. */
export interface Accounts {
  readonly common: CommonServices & { readonly keys: Keys };
  /** The services of an account in a region; they are made at the first call. */
  of(accountId: string, region: string): Services;
  /** How many accounts and regions have services. */
  size(): number;
  /** The account and region of the simulation's own keys. */
  readonly home: Services;
}

export const createAccounts = (
  home: Kernel,
  kernelOf: (accountId: string, region: string) => Kernel,
  principals: Principals,
  withGithub: boolean,
): Accounts => {
  const made = new Map<string, Services>();
  const inside = new Set([home.accountId, ...principals.accounts()]);
  const common = createCommonServices(home, principals, (accountId) => inside.has(accountId), withGithub);

  const of = (accountId: string, region: string): Services => {
    const key = `${accountId}/${region}`;
    const found = made.get(key);
    if (found !== undefined) return found;
    inside.add(accountId);
    const kernel = kernelOf(accountId, region);
    const services = composeServices(kernel, common, (other) => of(other, region).registry);
    made.set(key, services);
    if (kernel !== home) for (const bucket of ownBuckets(kernel)) common.s3.objects.create(bucket, accountId, region);
    return services;
  };
  return { common, of, size: () => made.size, home: of(home.accountId, home.region) };
};
