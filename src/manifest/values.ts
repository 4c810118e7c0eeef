import * as z from 'zod/mini';
import { isDay } from '../clock.ts';
import { parseDuration } from '../schema.ts';
import { either } from './suggest.ts';

/**
 * The vocabulary of `delivery.yml`: each value is text with a pattern and a meaning. The error of a schema continues the sentence
 * after the value: `"10 minutes" is not` + `a duration; expected e.g. 30s, 10m or 2h`. The error for unknown keys is the list of
 * known ones.
 */
export const text = (what: string, pattern: RegExp, longest = 1024) =>
  z
    .string({ error: what })
    .check(z.regex(pattern, { error: what, abort: true }), z.maxLength(longest, { error: what }));

export const mapping = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : 'a mapping; expected keys and values',
  });

/** A mapping, or `none` for a setting that is given up on purpose. */
export const orNone = <Mapping extends z.core.SomeType>(value: Mapping) =>
  z.union([value, z.literal('none')], { error: 'a mapping; expected keys and values, or none' });

export const choice = <const Choice extends string>(noun: string, choices: readonly Choice[]) =>
  z.enum(choices, { error: `${noun}; expected ${either(choices)}` });

export const listOf = <Item extends z.core.SomeType>(what: string, item: Item, fewest: number, most: number) => {
  const error = `${what}; expected ${fewest === most ? fewest : `${fewest} to ${most}`} of them`;
  return z.array(item, { error }).check(z.minLength(fewest, { error }), z.maxLength(most, { error }));
};

export const whole = (noun: string, least: number, most = Number.MAX_SAFE_INTEGER) => {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  const error = `${noun}; expected a whole number, ${range}`;
  const number = z.int({ error }).check(z.gte(least, { error }));
  return most === Number.MAX_SAFE_INTEGER ? number : number.check(z.lte(most, { error }));
};

/** As `whole`, or `none` for a setting that is given up on purpose. */
export const wholeOrNone = (noun: string, least: number, most: number) =>
  z.union([whole(noun, least, most), z.literal('none')], {
    error: `${noun}; expected a whole number, ${least} to ${most}, or none`,
  });

/** `none` is the same as `false`: the protection is given up on purpose. */
export const truthOrNone = () =>
  z.union([z.boolean(), z.literal('none')], { error: 'a boolean; expected true, false or none' });

export const truth = () => z.boolean({ error: 'a boolean; expected true or false' });

/** Free text on one line, 1–1,024 characters. */
export const words = (noun: string) => text(`${noun}; expected text on one line`, /^\S(.*\S)?$/);

const seconds = (value: string): number => parseDuration(value) ?? Number.NaN;
export const duration = () =>
  z.pipe(text('a duration; expected e.g. 30s, 10m or 2h', /^[0-9]{1,7}(s|m|h)$/), z.transform(seconds));

/** A duration that SageMaker limits; both ends in seconds. */
export const durationWithin = (least: number, most: number, range: string) =>
  z.pipe(
    text('a duration; expected e.g. 30s, 10m or 2h', /^[0-9]{1,7}(s|m|h)$/).check(
      z.refine((value) => seconds(value) >= least && seconds(value) <= most, { error: `must be ${range}` }),
    ),
    z.transform(seconds),
  );

const fraction = (value: string): number => Number((Number.parseFloat(value) / 100).toPrecision(12));

const percentage = '(100(\\.0+)?|[0-9]{1,2}(\\.[0-9]+)?)%';
/** `5%` → 0.05. */
export const share = () =>
  z.pipe(text('a share; expected e.g. 0.5% or 5%', new RegExp(`^${percentage}$`)), z.transform(fraction));

/** A step of a rollout: `5%` or 5 → 0.05. */
export const step = () => {
  const error = 'a step; expected a share of the traffic above 0 and up to 100, e.g. 5 or 5%';
  const refused = { error, abort: true };
  const number = z.number().check(z.gt(0, refused), z.lte(100, refused));
  const text = z.string().check(z.regex(new RegExp(`^(?!0+(\\.0+)?%)${percentage}$`), refused));
  return z.pipe(
    z.union([number, text], { error }),
    z.transform((value) => fraction(String(value))),
  );
};

/** `1.2x` → 1.2. */
export const ratio = () =>
  z.pipe(
    text('a ratio; expected 1x or more, e.g. 1.2x', /^[1-9][0-9]{0,3}(\.[0-9]+)?x$/),
    z.transform(Number.parseFloat),
  );

/** Strictly between 0 and 1. */
export const probability = () => {
  const error = 'a probability; expected a number between 0 and 1, e.g. 0.05';
  return z.number({ error }).check(z.gt(0, { error }), z.lt(1, { error }));
};

/** `2026-12-31`, a day that the calendar has. */
export const day = (noun: string) => {
  const error = `${noun}; expected a day, e.g. 2026-12-31`;
  return z.string({ error }).check(
    z.regex(/^\d{4}-\d{2}-\d{2}$/, { error, abort: true }),
    z.refine((value) => isDay(value), { error: 'must be a day of the calendar' }),
  );
};

/** Any number. */
export const quantity = (noun: string) => z.number({ error: `${noun}; expected a number` });

/** Above 0, up to 1. */
export const fractionUpTo1 = (noun: string) => {
  const error = `${noun}; expected a number above 0 and up to 1, e.g. 0.7`;
  return z.number({ error }).check(z.gt(0, { error }), z.lte(1, { error }));
};

/** Application Auto Scaling: PutScheduledAction, Schedule. AWS reads what stands between the brackets. */
export const scheduleExpression = () =>
  text(
    'a schedule; expected e.g. cron(0 6 * * ? *), rate(1 day) or at(2026-12-24T06:00:00)',
    /^(at|rate|cron)\(\S.*\)$/,
    1600,
  );

export const timezone = () =>
  text('a time zone; expected e.g. Europe/Berlin or UTC', /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+){0,2}$/, 64);

/** `25%` or `2 instances`. */
export const capacity = () =>
  z.pipe(
    text(
      'a part of the fleet; expected e.g. 25%, 1 instance or 2 instances',
      /^((100|[1-9][0-9]?)%|1 instance|([2-9]|[1-9][0-9]+) instances)$/,
    ),
    z.transform((value) => ({
      unit: value.endsWith('%') ? ('percent' as const) : ('instances' as const),
      value: Number.parseInt(value, 10),
    })),
  );

/** `300ms` or `2s` → milliseconds. */
export const latency = () =>
  z.pipe(
    text('a latency; expected e.g. 300ms or 2s', /^[1-9][0-9]{0,6}(ms|s)$/),
    z.transform((value) => Number.parseInt(value, 10) * (value.endsWith('ms') ? 1 : 1000)),
  );

// Patterns and lengths below are SageMaker's own (API reference, data types).

/** EndpointName, EntityName. */
export const namePattern = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;
export const resourceName = (noun: string) =>
  text(`${noun}; expected 1 to 63 letters, digits and single or inner hyphens, e.g. churn-staging`, namePattern, 63);

export const accountId = () =>
  text('an account; expected twelve digits in quotes, e.g. "111122223333"', /^[0-9]{12}$/, 12);

export const regionPattern = /^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$/;
export const region = () => text('a region; expected e.g. eu-west-1', regionPattern, 24);

/** A role's name (IAM: 64 characters) or ARN, path included. */
export const rolePattern = /^([a-zA-Z0-9_+=,.@-]{1,64}|arn:aws[a-z-]*:iam::[0-9]{12}:role\/[a-zA-Z0-9_+=,.@/-]+)$/;
export const role = () => text('a role; expected its name or ARN, e.g. model-deployer', rolePattern, 2048);
/** A name alone is one of the account. */
export const isRoleOf = (account: string, role: string | undefined): boolean =>
  !role?.startsWith('arn:') || role.split(':')[4] === account;

export const instanceType = () =>
  text('an instance type; expected e.g. ml.m5.large', /^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 63);

export const kmsKey = () => text('a KMS key; expected an id, ARN or alias, e.g. alias/ml', /^[a-zA-Z0-9:/_-]+$/, 2048);

/** AWS: CsvContentType, JsonContentType. */
export const contentType = () =>
  text('a content type; expected e.g. text/csv', /^[a-zA-Z0-9](-*[a-zA-Z0-9])*\/[a-zA-Z0-9](-*[a-zA-Z0-9.])*$/, 256);

/** AWS: SnsTopicArn. */
export const topic = () =>
  text(
    'a topic; expected its ARN, e.g. arn:aws:sns:eu-west-1:111122223333:answers',
    /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_.-]+$/,
    2048,
  );

export const amiVersion = () =>
  text('an AMI version; expected e.g. al2-ami-sagemaker-inference-gpu-2', /^[a-z0-9]+(-[a-z0-9]+)*$/, 128);

/** AWS: MlReservationArn. `none` gives the setting up. */
export const reservation = () =>
  text(
    'a capacity reservation; expected its ARN, e.g. arn:aws:sagemaker:eu-west-1:111122223333:training-plan/churn, or none',
    /^(none|arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:[a-z0-9-]{1,14}\/.+)$/,
    258,
  );

export const subnet = () => text('a subnet; expected e.g. subnet-0a1b2c3d', /^[a-zA-Z0-9-]+$/, 32);

export const securityGroup = () => text('a security group; expected e.g. sg-0a1b2c3d', /^[a-zA-Z0-9-]+$/, 32);

/** CloudWatch: 1–255 characters, not blank. */
export const alarmName = () => text('an alarm name; expected 1 to 255 characters', /^(?!\s*$).+$/, 255);

const s3Pattern = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?$/;
export const s3Uri = (longest: number) => text('an S3 location; expected e.g. s3://bucket/prefix', s3Pattern, longest);

/** `s3://bucket/prefix` → bucket and prefix, the prefix empty or ending with `/`. */
export const s3Folder = () =>
  z.pipe(
    s3Uri(1024),
    z.transform((value) => {
      const [bucket = '', ...rest] = value.slice('s3://'.length).split('/');
      const prefix = rest.join('/').replace(/\/*$/, '/');
      return { bucket, prefix: prefix === '/' ? '' : prefix };
    }),
  );

const table = <Key extends z.core.$ZodRecordKey, Value extends z.core.SomeType>(key: Key, value: Value, most: number) =>
  z
    .record(key, value, { error: 'a mapping; expected keys and values' })
    .check(z.refine((found) => Object.keys(found).length <= most, { error: `has more than ${most} keys` }));

/** Bucket → account. */
export const bucketOwners = () =>
  table(
    text('a bucket; expected its name, e.g. ml-releases', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 63),
    accountId(),
    100,
  );

/** CreateModel: EnvironmentKey, EnvironmentValue, at most 100. */
export const containerEnvironment = () =>
  table(
    text(
      'an environment variable; expected letters, digits and _, not starting with a digit',
      /^[a-zA-Z_][a-zA-Z0-9_]*$/,
    ),
    text(
      'an environment value; expected text of at most 1024 characters (put numbers and booleans in quotes)',
      /^[\S\s]*$/,
    ),
    100,
  );

/** AddTags: at most 50, of which the suite and CloudFormation need a few; the prefix `aws:` is reserved. */
export const tags = () =>
  table(
    text(
      'a tag key; expected 1 to 128 letters, digits, spaces and _.:/=+-@, not starting with aws:',
      /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u,
      128,
    ),
    text(
      'a tag value; expected at most 256 letters, digits, spaces and _.:/=+-@ (put numbers and booleans in quotes)',
      /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u,
      256,
    ),
    40,
  );

export const environmentPattern = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/;
export const environmentName = () =>
  text('an environment name; expected 1 to 63 letters, digits, _ and -', environmentPattern);

export const environments = <Environment extends z.core.SomeType>(environment: Environment) =>
  table(environmentName(), environment, 100).check(
    z.refine((found) => Object.keys(found).length > 0, { error: 'must have at least one environment' }),
  );
