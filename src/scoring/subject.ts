import { digest } from '../digest.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { type Serving, servedIn } from './served.ts';

/** What one verdict is about. A verdict about anything else, be it one label or one rule, does not count. */
export interface Subject {
  readonly endpoint: string;
  /** Hex; digest of the package's content. */
  readonly package: string;
  /** Hex; digest of the bytes of the golden sets, of the files of predictions, and of the reports that checks read. */
  readonly dataset: string;
  /** Hex; digest of `regression:`. */
  readonly policy: string;
  /** Hex; digest of the content that serves. `none`: nothing serves yet. */
  readonly baseline: string;
}

/** The facts that a subject is made of. */
export interface Tested {
  readonly endpoint: string;
  readonly registered: RegisteredVersion;
  readonly regression: RegressionSpec;
  /** `Subject.dataset`. */
  readonly dataset: string;
  /** Of the endpoint; undefined: there is none. */
  readonly look: Serving | undefined;
}

/** @throws {Refusal} `config-missing` when something serves whose content cannot be known */
export const subjectOf = ({ look, ...tested }: Tested): Subject => ({
  ...subjectAround(tested),
  baseline: baselineOf(look),
});

/** All of a subject but its baseline. */
export const subjectAround = ({ endpoint, registered, regression, dataset }: Omit<Tested, 'look'>) => ({
  endpoint,
  package: packageContent(registered),
  dataset,
  policy: policyDigest(regression),
});

const baselineOf = (look: Serving | undefined): string => {
  const variant = look && canonicalOf(look.live);
  if (look === undefined || variant === undefined) return 'none';
  const served = servedIn(look);
  if (served !== undefined) return served.content;
  throw new Refusal(
    'config-missing',
    `the content that serves as ${variant} cannot be known, since endpoint config ${look.live.endpointConfig} or its model was deleted: a regression test has no baseline`,
  );
};

/** How fast the models are asked, and how long a verdict counts, changes no verdict. */
const policyDigest = ({ asking, ...policy }: RegressionSpec): string => {
  const { concurrency: _pace, validForSeconds: _validity, ...asked } = asking;
  return digest({ ...policy, asking: asked });
};

/** An edited package is another subject: the digest is that of its present content. */
const packageContent = ({ arn, contentDigestNow }: RegisteredVersion): string =>
  // A listing has the ARN as SageMaker spells it, and a release has it as the manifest spells the model: letters may differ in case.
  digest([arn.toLowerCase(), contentDigestNow]);

/** In keys of objects and names of temporary resources. */
export const subjectId = (subject: Subject): string => digest(subject).slice(0, 16);
