import type { Env } from '../env.ts';
import { regionPattern } from '../manifest/values.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';

/**
 * The region that the variables name. One that is none, often with a copied space, would become the address of a host that does not exist:
 * each call would fail after all its retries, as an outage of AWS.
 * @throws {InputError} naming the variable
 */
export const regionOfVariables = (env: Env): string | undefined => {
  const name = ['AWS_REGION', 'AWS_DEFAULT_REGION'].find((each) => env[each]);
  if (name === undefined) return undefined;
  const region = env[name] ?? '';
  if (regionPattern.test(region)) return region;
  throw new InputError(`${name}: ${quoted(region)} is not a region; expected e.g. eu-west-1`);
};

/**
 * The region of a command that has an option for it, and no manifest.
 * @throws {InputError} when neither names one
 */
export const regionGiven = (option: string | undefined, env: Env): string => {
  const region = option ?? regionOfVariables(env);
  if (region === undefined) throw new InputError('region: is missing; give --region, or set AWS_REGION');
  return region;
};
