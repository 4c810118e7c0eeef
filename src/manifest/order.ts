import { quoted } from '../secrets.ts';
import type { Delivery } from './manifest.ts';
import { suggest } from './suggest.ts';

/** `after` names another environment, and the environments have a first one. */
export const orderFaults = (
  environments: Readonly<Record<string, Pick<Delivery, 'after' | 'region'>>>,
): { path: string[]; message: string }[] => {
  const names = Object.keys(environments);
  return names.flatMap((name) => {
    const after = environments[name]?.after;
    if (after === undefined) return [];
    const path = ['environments', name, 'after'];
    if (!names.includes(after)) {
      const nearest = suggest(after, names);
      const others = names.filter((one) => one !== name).join(', ') || 'none';
      return [
        {
          path,
          message: `${quoted(after)} is no environment of this manifest; the others are ${others}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`,
        },
      ];
    }
    const [here, there] = [environments[name]?.region, environments[after]?.region];
    if (here !== undefined && there !== undefined && here !== there)
      return [
        {
          path,
          message: `${after} is in ${there}, and ${name} in ${here}: a delivery reads the release records of its own region`,
        },
      ];
    const before = chainBefore(environments, name);
    return before.includes(name)
      ? [
          {
            path,
            message: `comes back to ${name}: ${[name, ...before].join(' after ')}, so nothing could be delivered first`,
          },
        ]
      : [];
  });
};

/** The environments before one, nearest first; it ends where a name comes again. */
const chainBefore = (
  environments: Readonly<Record<string, Pick<Delivery, 'after' | 'region'>>>,
  name: string,
): readonly string[] => {
  const before: string[] = [];
  for (let at = environments[name]?.after; at !== undefined && !before.includes(at); at = environments[at]?.after)
    before.push(at);
  return before;
};
