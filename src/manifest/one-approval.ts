import { isDeepStrictEqual } from 'node:util';
import type { ApprovalRules } from './approval.ts';
import type { Delivery, RegistrySpec } from './manifest.ts';
import { mayShareRegistry } from './same-registry.ts';

interface Written {
  readonly registry?: RegistrySpec | undefined;
  readonly approval?: ApprovalRules | undefined;
  readonly environments: Readonly<Record<string, Delivery>>;
}

/** Environments of one registry with other rules than the first one has: the weakest rules would approve for all. */
export const approvalFaults = ({
  registry,
  approval,
  environments,
}: Written): { path: (string | number)[]; message: string }[] => {
  const all = Object.entries(environments).map(([name, one]) => ({
    name,
    own: one.approval !== undefined,
    place: registry === undefined ? one : { registry, ...one },
    rules: { ...approval, ...one.approval },
  }));
  return all.flatMap((one, index) => {
    const other = all
      .slice(0, index)
      .find(({ place, rules }) => mayShareRegistry(place, one.place) && !isDeepStrictEqual(rules, one.rules));
    if (other === undefined) return [];
    const at = one.own ? one.name : other.name;
    return [
      {
        path: ['environments', at, 'approval'],
        message: `the registry has one approval of a version for all environments: ${other.name} and ${one.name} have the same registry, as far as \`registry\`, \`account\` and \`region\` are named, and differ here; write \`approval\` once, for all`,
      },
    ];
  });
};
