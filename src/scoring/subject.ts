import { digest } from '../digest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';

/** What one verdict is about. A verdict about anything else, be it one label or one rule, does not count. */
export interface Subject {
  readonly endpoint: string;
  /** Hex; digest of the package's content. */
  readonly package: string;
  /** Hex SHA-256 of the golden set's bytes; `none` where both models' answers are files and no dataset is named. */
  readonly dataset: string;
  /** Hex; digest of `regression:`. */
  readonly policy: string;
  /** Hex; digest of the content that serves. `none`: nothing serves yet. */
  readonly baseline: string;
}

/** How fast the models are asked, and how long a verdict counts, changes no verdict. */
export const policyDigest = ({ asking, ...policy }: RegressionSpec): string => {
  const { concurrency: _pace, validForSeconds: _validity, ...asked } = asking;
  return digest({ ...policy, asking: asked });
};

/** An edited package is another subject: the digest is that of its present content. */
export const packageContent = ({ arn, contentDigestNow }: RegisteredVersion): string =>
  // A listing has the ARN as SageMaker spells it, and a release has it as the manifest spells the model: letters may differ in case.
  digest([arn.toLowerCase(), contentDigestNow]);

/** In keys of objects and names of temporary resources. */
export const subjectId = (subject: Subject): string => digest(subject).slice(0, 16);
