import { loadManifest } from '../manifest/load.ts';
import { Refusal } from '../operation.ts';
import type { EndpointKind } from '../release/record.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type Against, compareWith } from './compared.ts';
import { find } from './found.ts';
import { type Around, manifestText } from './manifest-text.ts';
import { type KnownPlace, type Needs, needsOf, placeOf } from './needs.ts';
import { type Owner, ownersOf } from './owner.ts';
import { isSpec, tried } from './trial.ts';
import { writtenAlarms } from './written-alarms.ts';
import { writtenRollout } from './written-rollout.ts';
import { writtenScaling } from './written-scaling.ts';
import { basisOf, type Part, writtenSettings } from './written-settings.ts';

export interface AdoptRequest {
  readonly endpoint: string;
  readonly environment: string;
  /** Model package group; default: the group of the package that serves, else the endpoint's name. */
  readonly model?: string;
  /** Keys and environments beside the adopted one. */
  readonly around?: Around;
}

/** A manifest that was made of a live endpoint. */
export interface Adopted {
  readonly kind: EndpointKind;
  readonly manifest: string;
  /** One line for each change that a plan of this manifest would have; none: it is empty. */
  readonly differences: readonly string[];
  readonly kept: readonly string[];
  readonly remarks: readonly string[];
  readonly owners: readonly Owner[];
  readonly needs: Needs;
  readonly place: KnownPlace;
}

/**
 * Reads a live endpoint, and writes the manifest whose plan against it is empty, as far as a manifest can.
 * @throws {Refusal} when no manifest can deliver to it
 */
export const adopt = async (world: World, request: AdoptRequest): Promise<Adopted> => {
  const { endpoint, environment, model: given, around } = request;
  const { account, clock } = world;
  const found = await find(world, endpoint);
  const grouped = found.package?.packageVersion === undefined ? undefined : found.package.group;
  const model = given ?? grouped ?? endpoint;
  const against: Against = { account, found, model };
  const base = basisOf(found, account);
  const basis = tried(base);
  if (!isSpec(basis))
    throw new Refusal('endpoint-unusable', `no manifest can have the endpoint ${endpoint}: ${basis.because}`);
  const settings = writtenSettings(against, base);
  const { keys, remarks } = withScaling(against, settings);
  const spec = tried(keys);
  if (!isSpec(spec)) throw new Error(`the manifest of ${endpoint} does not load: ${spec.because}`);
  const { kept } = compareWith(against, spec);
  const rollout = writtenRollout(found, spec);
  const alarms = writtenAlarms(found, rollout.guarded, clock.now());
  const manifest = manifestText({
    account,
    found,
    model,
    environment,
    endpoint: keys,
    remarks,
    kept,
    rollout,
    alarms,
    ...withoutUndefined({ around }),
  });
  const written = loaded(manifest, environment);
  return {
    kind: found.kind,
    manifest,
    differences: compareWith(against, written).lines,
    kept,
    remarks: [...remarks, ...alarms.remarks],
    owners: ownersOf(found.tags),
    needs: needsOf(account, found, written, model),
    place: placeOf(account, found, model),
  };
};

const withScaling = (against: Against, { keys, remarks }: Part): Part => {
  const scaled = writtenScaling(against, keys);
  return { keys: scaled.keys, remarks: [...remarks, ...scaled.remarks] };
};

/** As a delivery will read it. */
const loaded = (text: string, environment: string) => {
  const found = loadManifest(text, 'delivery.yml').environments[environment];
  if (found === undefined) throw new InputError(`environment: ${environment} is no name of an environment`);
  return found.endpoint;
};
