import { orUndefined } from '../../aws/errors.ts';
import type { FunctionOutput } from '../../aws/lambda.ts';
import { canonical, digest } from '../../digest.ts';
import type { LambdaAlias } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import { oneLine, shortened } from '../../plain-text.ts';
import type { World } from '../../world.ts';

type Settings = NonNullable<FunctionOutput['Configuration']>;

/** Members of a version that are not chosen: its identity, its state and figures of its code (API: FunctionConfiguration). */
const facts =
  /^(FunctionName|FunctionArn|Version|Description|RevisionId|ConfigSha256|CodeSha256|CodeSize|LastModified|LastUpdateStatus.*|State.*|MasterArn|RuntimeVersionConfig|Environment|\$metadata)$/;

/**
 * Rule 17: the version brings its settings with it, and each that is added, changed or removed is a line. A variable is a line without its
 * value, which may be a secret (rule 16).
 * @throws {Refusal} `config-missing`
 */
export const settingChanges = async (
  world: World,
  { function: FunctionName }: Pick<LambdaAlias, 'function'>,
  from: string,
  to: string,
): Promise<readonly string[]> => {
  const version = async (Qualifier: string): Promise<FunctionOutput> => {
    const found = await orUndefined(world.read.lambda.getFunction({ FunctionName, Qualifier }));
    if (found !== undefined) return found;
    throw new Refusal(
      'config-missing',
      `the plan needs version ${Qualifier} of ${FunctionName}, which does not exist: go to a version that does`,
    );
  };
  return differences(await version(from), await version(to));
};

/** Hex, of everything that a version is: its image, its settings and its variables. */
export const contentOfVersion = (found: FunctionOutput): string =>
  digest([imageOf(found), chosen(found.Configuration), found.Configuration?.Environment?.Variables ?? {}]);

const differences = (before: FunctionOutput, after: FunctionOutput): readonly string[] => [
  ...changed({ image: imageOf(before) }, { image: imageOf(after) }).map(valueLine),
  ...changed(chosen(before.Configuration), chosen(after.Configuration)).map(valueLine),
  ...changed(before.Configuration?.Environment?.Variables ?? {}, after.Configuration?.Environment?.Variables ?? {}).map(
    variableLine,
  ),
];

export const variableLine = ({ name, was, is }: Changed): string =>
  oneLine(`variable ${name}: ${was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'}`);

const imageOf = ({ Code }: FunctionOutput): string | undefined => Code?.ResolvedImageUri?.split('@')[1];

const chosen = (settings: Settings | undefined): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(settings ?? {}).filter(([name]) => !facts.test(name)));

interface Changed {
  readonly name: string;
  readonly was: unknown;
  readonly is: unknown;
}

export const changed = (
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly Changed[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((name) => {
    const [was, is] = [before[name] ?? undefined, after[name] ?? undefined];
    return canonical(was ?? 'none') === canonical(is ?? 'none') ? [] : [{ name, was, is }];
  });

export const valueLine = ({ name, was, is }: Changed): string => oneLine(`${name}: ${shown(was)} → ${shown(is)}`);

const shown = (value: unknown): string =>
  value === undefined ? 'none' : shortened(typeof value === 'string' ? value : canonical(value), 200);
