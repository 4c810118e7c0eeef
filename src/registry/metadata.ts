import { Refusal } from '../operation.ts';
import { beginning } from '../plain-text.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';

/** The suite's own keys in a package's CustomerMetadataProperties; users may not set them. */
export const metadataKeys = {
  semver: 'semver',
  contentDigest: 'content-digest',
  artifactSha256: 'artifact-sha256',
  imageDigest: 'image-digest',
  gitSha: 'git-sha',
  gitRef: 'git-ref',
  versionCommit: 'version-commit',
  runUrl: 'run-url',
  versionRun: 'version-run',
  trainingJob: 'training-job',
  takenFrom: 'taken-from',
  earlierApproval: 'earlier-approval',
  earlierApprovalBy: 'earlier-approval-by',
  earlierApprovalAt: 'earlier-approval-at',
  earlierApprovalBecause: 'earlier-approval-because',
} as const;
type SuiteKey = (typeof metadataKeys)[keyof typeof metadataKeys];

/** AWS: CreateModelPackage, CustomerMetadataProperties. */
const limits = { entries: 50, keyCharacters: 128, valueCharacters: 256 };
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u;
const allowedInWords = 'letters, digits, spaces and _.:/=+-@';

export interface Metadata {
  readonly properties: Readonly<Record<string, string>>;
  /** Keys of derived facts that SageMaker could not hold, for the plan's notes. */
  readonly leftOut: readonly string[];
}

/**
 * The suite's facts come first, then the user's entries, then the training job's facts for as long as there is room.
 * @throws {Refusal} when the user's own entries do not fit
 */
export const composeMetadata = (
  suite: Readonly<Partial<Record<SuiteKey, string | undefined>>>,
  user: Readonly<Record<string, string>>,
  derived: Readonly<Record<string, string>>,
): Metadata => {
  const properties: Record<string, string> = {};
  const leftOut: string[] = [];
  for (const [key, value] of Object.entries(suite)) {
    if (value === undefined) continue;
    if (fits(key, value)) properties[key] = value;
    else leftOut.push(key);
  }
  for (const [key, value] of Object.entries(user)) properties[key] = value;
  if (Object.keys(properties).length > limits.entries)
    throw new Refusal(
      'invalid-input',
      `metadata: ${Object.keys(user).length} entries are too many; SageMaker holds ${limits.entries}, and ${Object.keys(properties).length - Object.keys(user).length} of them are the suite's own`,
    );
  for (const [key, value] of Object.entries(derived)) {
    if (key in properties) continue;
    if (fits(key, value) && Object.keys(properties).length < limits.entries) properties[key] = value;
    else leftOut.push(key);
  }
  return { properties, leftOut };
};

/**
 * `key=value` lines of the `metadata` input.
 * @throws {InputError} for a line that SageMaker would refuse or that sets one of the suite's own keys
 */
export const parseMetadata = (text: string, source: string): Readonly<Record<string, string>> => {
  const entries = parsePairs(text, source);
  for (const [key, value] of Object.entries(entries)) {
    if (Object.values<string>(metadataKeys).includes(key))
      throw new InputError(`${source}: ${key} is set by register-model itself; choose another key`);
    if (!fits(key, value))
      throw new InputError(
        `${source}: ${quoted(key)} or its value does not fit; keys have at most ${limits.keyCharacters} characters, values 1 to ${limits.valueCharacters}, of ${allowedInWords}`,
      );
  }
  return entries;
};

/** One `KEY=value` per line; blank lines are skipped. The value may hold further `=`. */
export const parsePairs = (text: string, source: string): Readonly<Record<string, string>> => {
  const entries: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const equals = line.indexOf('=');
    const key = line.slice(0, equals).trim();
    // The value may be a secret: messages repeat only the key (DESIGN §7 rule 16).
    if (equals < 1 || key === '')
      throw new InputError(`${source}: a line without a key; expected one key=value per line`);
    if (Object.hasOwn(entries, key)) throw new InputError(`${source}: ${quoted(key)} is given twice`);
    entries[key] = line.slice(equals + 1).trim();
  }
  return entries;
};

/** A text of others as a value that SageMaker holds: other characters become spaces, and the end is cut. */
export const metadataValue = (text: string): string =>
  beginning(text.replaceAll(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]+/gu, ' '), limits.valueCharacters).trim();

const fits = (key: string, value: string): boolean =>
  key.length <= limits.keyCharacters &&
  value.length <= limits.valueCharacters &&
  allowed.test(key) &&
  allowed.test(value);
