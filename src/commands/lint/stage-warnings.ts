import type { Manifest } from '../../manifest/manifest.ts';
import { mayShareRegistry } from '../../manifest/same-registry.ts';

/**
 * The registry has one stage for each version. Two environments with the same one overwrite each other's status: a version that is rolled
 * back in one of them is shown as rejected although it serves in the other.
 */
export const stageWarnings = ({ environments }: Manifest): readonly string[] => {
  const named = Object.entries(environments).filter(([, { stage }]) => stage !== undefined);
  return named.flatMap(([name, environment], index) => {
    const same = named
      .slice(0, index)
      .find(([, other]) => environment.stage === other.stage && mayShareRegistry(environment, other));
    return same === undefined
      ? []
      : [
          `${name}: its \`stage\` is ${environment.stage}, as that of ${same[0]}: the registry cannot show which of them a version is in; give each a stage of its own`,
        ];
  });
};
