import { mayBeSecret } from '../secrets.ts';
import type { Account } from '../world.ts';
import { type Against, compareWith } from './compared.ts';
import type { Found } from './found.ts';
import { basis, environmentIn, optional, variablesOfContainers } from './keys.ts';
import { isTeamTag } from './owner.ts';
import { isSpec, tried, type Written } from './trial.ts';

/** Keys of the manifest, and sentences about what the manifest cannot have. */
export interface Part {
  readonly keys: Written;
  readonly remarks: readonly string[];
}

/** Name, hardware and kind: everything else is added to them. */
export const basisOf = (found: Found, account: Account): Written => {
  const { settings, endpoint } = found;
  const kept = Object.entries(basis).flatMap(([key, read]) => {
    const value = read(settings, account);
    return value === undefined ? [] : [[key, value] as const];
  });
  const { InstanceType: type } = settings.variant;
  return {
    name: endpoint,
    ...(type === undefined ? {} : { instance: { type, count: countIn(found) } }),
    ...Object.fromEntries(kept),
  };
};

/** The count of a fleet that nothing scales is the manifest's. Autoscaling's count is its own: the config's first count stays. */
export const countIn = ({ settings, look, scaling }: Found): number => {
  const first = Number(settings.variant['InitialInstanceCount'] ?? 1);
  const live = look.live.variants[0]?.desired;
  return scaling !== undefined || live === undefined || live === 0 ? Math.max(1, first) : live;
};

/** Each key that the manifest may have, where it makes the difference to the live endpoint no larger. */
export const writtenSettings = (against: Against, base: Written): Part => {
  const { account, found } = against;
  const remarks: string[] = [];
  let keys = base;
  const add = (key: string, value: unknown, name = key): void => {
    const next = { ...keys, [key]: value };
    const because = whyNot(against, keys, next);
    if (because === undefined) {
      keys = next;
      return;
    }
    const [member, rest] = withoutOne(value).find(([, less]) => !whyNot(against, keys, { ...keys, [key]: less })) ?? [];
    if (member !== undefined) keys = { ...keys, [key]: rest };
    remarks.push(`${member === undefined ? name : `${key}.${member}`} could not be written: ${because}`);
  };
  for (const [key, read] of Object.entries(optional)) {
    const value = read(found.settings, account);
    if (value !== undefined) add(key, value);
  }
  if (found.settings.variant['AcceleratorType'] !== undefined)
    remarks.push(
      'accelerator could not be written: AWS no longer has Elastic Inference, so the first delivery removes it',
    );
  const { plain, secret } = environmentIn(found.settings);
  for (const [name, value] of Object.entries(plain))
    add('environment', { ...(keys['environment'] as object | undefined), [name]: value }, `variable ${name}`);
  if (secret.length > 0)
    remarks.push(
      `Write by hand under environment: ${secret.join(', ')}. The values may be secrets and are not written here; without them the variables go with the first delivery, unless the model package has them.`,
    );
  const ofContainers = variablesOfContainers(found.settings);
  if (ofContainers.length > 0)
    remarks.push(
      `The containers have variables, which no manifest can have: ${ofContainers.join(', ')}. They go with the first delivery, unless the model package has them: give them to register-model with \`containers\`.`,
    );
  for (const [key, value] of found.tags) {
    if (!isTeamTag(key)) continue;
    if (mayBeSecret(value)) remarks.push(`tag ${key} could not be written: its value may be a secret`);
    else add('tags', { ...(keys['tags'] as object | undefined), [key]: value }, `tag ${key}`);
  }
  return { keys, remarks };
};

/** A mapping without each of its members: one that a manifest cannot have does not take the others with it. */
const withoutOne = (value: unknown): readonly (readonly [member: string, rest: object])[] =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? []
    : Object.keys(value).map((member) => [
        member,
        Object.fromEntries(Object.entries(value).filter(([name]) => name !== member)),
      ]);

/** The reason why a further key does not belong into the manifest; undefined when it does. */
export const whyNot = (against: Against, before: Written, after: Written): string | undefined => {
  const [then, now] = [tried(before), tried(after)];
  if (!isSpec(now)) return now.because;
  if (!isSpec(then)) return undefined;
  const known = compareWith(against, then).lines;
  const more = compareWith(against, now).lines.filter((line) => !known.includes(line));
  return more.length === 0 ? undefined : `it would change the endpoint (${more.join('; ')})`;
};
