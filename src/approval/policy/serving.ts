import { contentOf } from '../../endpoint/look.ts';
import { observe } from '../../endpoint/observe.ts';
import { servesCanonical } from '../../endpoint/variants.ts';
import { storeFor } from '../../release/store.ts';
import { describeServed, type ServedPackage } from '../../scoring/registered-reports.ts';
import { type Serving as Served, servedIn } from '../../scoring/served.ts';
import type { Asked } from '../mode.ts';

/** The version that serves in the environment of the gate, by the endpoint and the release record. */
export type Serving =
  | { readonly is: 'nothing' }
  /** A clause with its subject. */
  | { readonly is: 'unknown'; readonly why: string }
  | { readonly is: 'known'; readonly look: Served };

/** Reads only. @throws {Refusal} where the release record cannot be read, or is another endpoint's */
export const readServing = async ({
  manifest,
  name,
  environment,
  world,
}: Pick<Asked, 'manifest' | 'name' | 'environment' | 'world'>): Promise<Serving> => {
  const endpoint = environment.endpoint.name;
  const unknown = (why: string): Serving => ({ is: 'unknown', why });
  const live = (await storeFor({ manifest, environment: name }, world).read())?.record.live;
  if (live !== undefined)
    return unknown(`release ${live.id} is under way on endpoint ${endpoint}: the version that serves may change`);
  const observed = await observe(world, endpoint);
  if (observed === undefined) return { is: 'nothing' };
  const { status, pending } = observed;
  if (status !== 'InService' || pending !== undefined)
    return unknown(`endpoint ${endpoint} is ${pending === undefined ? status : 'Updating'}`);
  if (!servesCanonical(observed)) return unknown(`more than one variant of endpoint ${endpoint} has traffic`);
  const look = { live: observed, ...(await contentOf(world, observed.endpointConfig)) };
  if (servedIn(look) === undefined)
    return unknown(`the model that endpoint ${endpoint} serves is not known: its config or the model was deleted`);
  return { is: 'known', look };
};

export type BesidePackage =
  | { readonly is: 'nothing' }
  | { readonly is: 'unknown'; readonly why: string }
  | ({ readonly is: 'package' } & Extract<ServedPackage, { readonly arn: string }>);

/** The model package of the version that serves, for a comparison with another version. */
export const packageBeside = async ({ world, registered }: Asked, serving: Serving): Promise<BesidePackage> => {
  if (serving.is !== 'known') return serving;
  const found = await describeServed(world, serving.look);
  if (found === undefined) return { is: 'nothing' };
  if ('why' in found) return { is: 'unknown', why: found.why };
  // SageMaker spells names in lower case in some answers.
  if (found.arn.toLowerCase() === registered.arn.toLowerCase())
    return { is: 'unknown', why: `${registered.tag} serves itself: there is no other version to compare it with` };
  return { is: 'package', ...found };
};
