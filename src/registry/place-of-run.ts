import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import { readVersion } from './semantic-version.ts';

/** The commit that is registered, and its branch. */
export interface Place {
  readonly commit: string;
  readonly branch: string;
}

/**
 * From the host, which knows them; else from the checkout.
 * @throws {Refusal} when they are not known, or the run is of a tag: that is on no branch, and names a version already
 */
export const placeOf = async (world: World, model: string): Promise<Place> => {
  const { commit, ref } = world.run;
  const named = ref === undefined ? undefined : branchOf(ref, model);
  if (commit !== undefined && named !== undefined) return { commit, branch: named };
  const head = await world.commits?.head();
  const found = { commit: commit ?? head?.commit, branch: named ?? branchAt(head, commit) };
  if (found.commit === undefined || found.branch === undefined) throw unknown(world);
  return { commit: found.commit, branch: found.branch };
};

type Head = { readonly commit: string; readonly branch?: string } | undefined;

/** The checkout may be of another commit than the run. */
const branchAt = (head: Head, commit: string | undefined): string | undefined =>
  commit === undefined || head?.commit === commit ? head?.branch : undefined;

const unknown = ({ run, commits }: World): Refusal =>
  new Refusal(
    'invalid-input',
    run.host === 'codepipeline'
      ? 'version: next needs a branch and its history, and an action of CodePipeline knows neither: derive it in a CodeBuild step by `model-delivery next-version`, and give that version'
      : `version: next needs a branch, and this run knows none: ${commits === undefined ? 'give the version itself' : 'check a branch out, or give the version itself'}`,
  );

/** @returns undefined when `ref` is a commit or a file, which are on no branch that is known */
const branchOf = (ref: string, model: string): string | undefined => {
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  if (kind === 'tags' || (kind === undefined && isVersion(model, ref)))
    throw new Refusal(
      'invalid-input',
      'version: next needs a branch, and this run is of a tag: give the tag as version, or run on the branch',
    );
  if (kind === 'heads') return name;
  // A pull request is on no branch of the repository. CodeBuild writes the name of a branch alone.
  return /^([0-9a-f]{7,64}$|arn:|s3:)/.test(ref) ? undefined : ref.replace(/^refs\//, '');
};

const isVersion = (model: string, text: string): boolean => {
  try {
    readVersion(model, text);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};
