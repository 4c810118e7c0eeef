import { isAbsolute, resolve, sep } from 'node:path';
import type { Env } from '../env.ts';
import { suggest } from '../manifest/suggest.ts';
import { keyOf } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** An input that is not declared. */
export interface Stray {
  /** The user's spelling, as far as it is known. */
  readonly name: string;
  /** The declared input that the user probably meant. */
  readonly meant?: string;
  readonly problem: string;
}

export const strayOf = (name: string, declared: readonly string[], advice = ''): Stray => {
  const shown = keyOf(name.length > 60 ? `${name.slice(0, 59)}…` : name);
  const meant = suggest(name.replaceAll('_', '-'), declared);
  return {
    name,
    ...withoutUndefined({ meant }),
    problem:
      meant === undefined
        ? `${shown} is not an input; the inputs are ${declared.join(', ')}${advice}`
        : `${shown} is not an input; did you mean ${meant}?`,
  };
};

/**
 * The names in `with:` of a step that are no inputs of its action. GitHub's runner still passes them to the action as `INPUT_*` and only
 * warns (runner ActionRunner, Handler.AddInputsToEnvironment), so that `dryrun: true` would deploy.
 */
export const strayInputs = (env: Env, declared: readonly string[]): readonly Stray[] => {
  const known = new Set(declared.map(variableOf));
  return Object.keys(env)
    .filter((variable) => variable.startsWith('INPUT_') && !known.has(variable))
    .sort()
    .map((variable) =>
      strayOf(
        variable.slice('INPUT_'.length).toLowerCase(),
        declared,
        ` (if ${keyOf(variable)} is your own variable for another step, give it another name)`,
      ),
    );
};

const variableOf = (input: string): string => `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`;

/**
 * Whether `INPUT_*` can only come from this step. In act and its derived runners a composite's inputs reach its inner steps, so there the
 * answer is unknown. It is also unknown where another action starts this one as a child and leaves its own inputs in the environment:
 * then GITHUB_ACTION_REPOSITORY is not the repository that this script was unpacked from. GitHub's own runner gives no input of a
 * composite to its steps (CompositeActionHandler), and unpacks actions into `_actions/<repository>/<ref>`.
 */
export const ownsItsInputs = (env: Env, script: string | undefined): boolean => {
  if (env['ACT'] || env['GITEA_ACTIONS'] || env['FORGEJO_ACTIONS']) return false;
  const repository = env['GITHUB_ACTION_REPOSITORY'];
  // A local action, `uses: ./…`, has none.
  if (!repository || script === undefined) return true;
  const path = isAbsolute(script) ? script : resolve(script);
  const place = ['', '_actions', ...repository.split('/'), ''].join(sep).toLowerCase();
  return path.toLowerCase().includes(place);
};
