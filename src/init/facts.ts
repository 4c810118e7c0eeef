import { environmentPattern } from '../manifest/values.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Repository, readRepository, repositoryOfRemote } from './repository.ts';
import { type Branches, type FlowName, rollbackOf, type Source, type Stage } from './setup.ts';

/** What a checkout shows about its repository. */
export interface Checkout {
  /** Its folder. */
  readonly root: string;
  /** Address of the remote `origin`; it may have a token in it. */
  readonly origin?: string;
  /** The branch that `origin` names as its default. */
  readonly byDefault?: string;
  /** The branch of the folder, also without a commit; absent for a commit without a branch. */
  readonly current?: string;
  /** The branches here and at `origin`. */
  readonly branches: readonly string[];
}

/** What a person gave, in place of what can be found. */
export interface Given {
  readonly flow: FlowName;
  readonly repository?: string | undefined;
  readonly ids?: string | undefined;
  readonly main?: string | undefined;
  readonly develop: string;
  readonly from?: string | undefined;
}

/** @throws {InputError} naming the option */
export const repositoryFrom = ({ repository, ids }: Given, { origin }: Pick<Checkout, 'origin'>): Repository => {
  const found = repository === undefined ? originOf(origin) : readRepository(repository);
  if (found === undefined)
    throw new InputError(`repository: ${quoted(repository)} is not allowed; expected OWNER/NAME or HOST/OWNER/NAME`);
  const [owner = '', own = ''] = ids?.split('/') ?? [];
  return ids === undefined ? found : { ...found, ids: { owner, repository: own } };
};

/** The address is not shown: it may have a token in it. */
const originOf = (origin: string | undefined): Repository => {
  if (origin === undefined)
    throw new InputError('repository: this git repository has no remote origin; give --repository OWNER/NAME');
  const found = repositoryOfRemote(origin);
  if (found === undefined)
    throw new InputError(
      'repository: the remote origin is no repository at GitHub (an alias of ssh hides the host); give --repository OWNER/NAME',
    );
  return found;
};

/** @throws {InputError} naming the option */
export const branchesFrom = ({ flow, main: given, develop }: Given, checkout: Omit<Checkout, 'root'>): Branches => {
  const { byDefault, current, branches } = checkout;
  const usual = ['main', 'master'].find((one) => branches.includes(one));
  // With Gitflow the default branch is often the development branch.
  const candidates = flow === 'gitflow' ? [usual, byDefault, current] : [byDefault, usual, current];
  const isOther = (one: string): boolean => flow === 'gitflow' && one === develop;
  // A branch of work is the main branch of no repository; without a commit there is no other one yet.
  const isAlone = branches.length === 0 || (branches.length === 1 && branches[0] === current);
  const main = given ?? candidates.find((one, index) => one !== undefined && !isOther(one) && (index < 2 || isAlone));
  if (main === undefined)
    throw new InputError('main: git does not show which branch is the main branch; give --main BRANCH');
  if (!/^\w[\w./-]*$/.test(main))
    throw new InputError(`main: ${quoted(main)} is not allowed; expected a branch of letters, digits, ., _, / and -`);
  if (isOther(main)) throw new InputError(`main: ${main} is also the development branch; give another --develop`);
  return { main, develop, byDefault: byDefault ?? main };
};

/**
 * @param names with commas between
 * @param endpoint of production
 * @throws {InputError} naming the option
 */
export const stagesFrom = (
  names: string,
  endpoint: string,
): { readonly dev?: Stage; readonly staging: Stage; readonly production: Stage } => {
  const all = names.split(',').map((one) => one.trim());
  const [last = '', before = '', first] = [...all].reverse();
  const isName = (one: string): boolean => environmentPattern.test(one) && one.length <= longestEnvironment;
  const known = all.every(isName) && new Set(all).size === all.length;
  if (!known || all.length < 2 || all.length > 3)
    throw new InputError(
      `environments: ${quoted(names)} is not allowed; expected two or three different names of up to ${longestEnvironment} characters, such as staging,production or dev,staging,production`,
    );
  // GitHub's environments are the same whatever the case (GitHub docs, "Managing environments for deployment"), and each has one for rollbacks.
  const atGitHub = all.flatMap((name) => [name, rollbackOf({ name })]).map((one) => one.toLowerCase());
  const twice = atGitHub.find((one, index) => atGitHub.indexOf(one) !== index);
  if (twice !== undefined)
    throw new InputError(
      `environments: ${quoted(names)} makes the GitHub environment ${twice} twice: their names have no case, and each environment has another one with -rollback at its end; give other names`,
    );
  const stage = (name: string, own: string): Stage => {
    if (own.length > longestEndpoint)
      throw new InputError(
        `endpoint: ${own} has more than ${longestEndpoint} characters: it is cut in the names of its models, and no policy could name them`,
      );
    return { name, endpoint: own };
  };
  // A name of an environment may have `_`, which a name of an endpoint may not.
  const beside = (name: string): Stage =>
    stage(name, `${endpoint}-${name.replaceAll(/[_-]+/g, '-').replace(/-$/, '')}`);
  const production = stage(last, endpoint);
  const staging = beside(before);
  const dev = first === undefined ? undefined : beside(first);
  if (dev?.endpoint.toLowerCase() === staging.endpoint.toLowerCase())
    throw new InputError(
      `environments: ${first} and ${before} have one endpoint, ${staging.endpoint}: its name has - for _; give other names`,
    );
  return { ...withoutUndefined({ dev }), staging, production };
};

/** The longest name that stands whole in the names of models and configurations (docs/permissions). */
const longestEndpoint = 48;

/** The names of policies have it at their end (IAM: 128 characters). */
const longestEnvironment = 32;

export const sourceFrom = ({ from }: Given, { owner }: Repository): Source => {
  const [repository = '', ref = ''] = (from ?? `${owner}/model-delivery@v1`).split('@');
  return { repository, ref };
};
