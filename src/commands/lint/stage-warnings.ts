import type { Environment, Manifest } from '../../manifest/manifest.ts';

/**
 * The registry has one stage for each version. Two environments with the same one overwrite each other's status: a version that is rolled
 * back in one of them is shown as rejected although it serves in the other.
 */
export const stageWarnings = ({ environments }: Manifest): readonly string[] => {
  const named = Object.entries(environments).filter(([, { stage }]) => stage !== undefined);
  return named.flatMap(([name, environment], index) => {
    const same = named.slice(0, index).find(([, other]) => sharesRegistry(environment, other));
    return same === undefined
      ? []
      : [
          `${name}: its \`stage\` is ${environment.stage}, as that of ${same[0]}: the registry cannot show which of them a version is in; give each a stage of its own`,
        ];
  });
};

/** An environment that names no account has that of its run, which may be any. */
const sharesRegistry = (one: Environment, other: Environment): boolean =>
  one.stage === other.stage && registryOf(one) === registryOf(other);

const registryOf = ({ account = '', region = '', registry }: Environment): string =>
  `${registry?.account ?? account}/${registry?.region ?? region}`;
