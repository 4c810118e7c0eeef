/** Policies and requests as they come, for tools/verify-policies.ts: two evaluators must decide them alike. */
import type { PublishedPolicy } from '../test/support/policy-requests.ts';
import { fc } from '../test/support/properties.ts';

/** One IAM check of a role with these policies. */
export interface Check {
  readonly documents: readonly PublishedPolicy['document'][];
  readonly action: string;
  readonly resource: string;
  /** By the name of the key in AWS's reference. Keys of many values have a list, also of one value. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

interface Key {
  readonly values: readonly string[];
  readonly kind: 'text' | 'texts' | 'truth' | 'arn';
}
interface Subject {
  readonly action: string;
  /** Near each other: another name, another case, another kind. */
  readonly resources: readonly string[];
  readonly keys: Readonly<Record<string, Key>>;
}

const statuses = ['PendingManualApproval', 'Approved', 'Rejected', 'approved'];
const sagemaker = (resource: string): string => `arn:aws:sagemaker:eu-west-1:111122223333:${resource}`;
const registry = (...more: readonly string[]): Subject['keys'] => ({
  'sagemaker:ModelApprovalStatus': { values: statuses, kind: 'text' },
  'sagemaker:ModelLifeCycle:Stage': { values: ['Production', 'Staging'], kind: 'text' },
  'sagemaker:CustomerMetadataProperties/semver': { values: ['1.4.0', '1.5.0'], kind: 'text' },
  ...Object.fromEntries(
    more.map((key) => [key, { values: ['semver', 'content-digest', 'team'], kind: 'texts' } as const]),
  ),
});
const packages = ['churn/7', 'churn/70', 'Churn/7', 'fraud/7'].map((name) => sagemaker(`model-package/${name}`));

const subjects: readonly Subject[] = [
  { action: 'sagemaker:CreateModelPackage', resources: packages, keys: registry() },
  {
    action: 'sagemaker:UpdateModelPackage',
    resources: packages,
    keys: registry('sagemaker:CustomerMetadataPropertiesToRemove'),
  },
  {
    action: 'sagemaker:CreateEndpointConfig',
    resources: ['churn-1', 'churn-eu-1'].map((name) => sagemaker(`endpoint-config/${name}`)),
    keys: { 'sagemaker:InstanceTypes': { values: ['ml.m5.large', 'ml.m5.xlarge', 'ml.p4d.24xlarge'], kind: 'texts' } },
  },
  {
    action: 'sagemaker:CreateTransformJob',
    resources: [sagemaker('transform-job/churn-test-1')],
    keys: {
      'sagemaker:InstanceTypes': { values: ['ml.m5.large', 'ml.p4d.24xlarge'], kind: 'texts' },
      'sagemaker:ModelArn': { values: [sagemaker('model/churn-1'), sagemaker('model/fraud-1')], kind: 'arn' },
    },
  },
  {
    action: 'kms:CreateGrant',
    resources: ['arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
    keys: {
      'kms:GrantIsForAWSResource': { values: ['true', 'false'], kind: 'truth' },
      'kms:ResourceAliases': { values: ['alias/ml', 'alias/payroll'], kind: 'texts' },
      'kms:ViaService': { values: ['sagemaker.eu-west-1.amazonaws.com', 's3.eu-west-1.amazonaws.com'], kind: 'text' },
    },
  },
  {
    action: 's3:PutObject',
    resources: ['arn:aws:s3:::ml-releases/churn/record.json', 'arn:aws:s3:::ml-releases/Churn/record.json'],
    keys: {
      's3:if-match': { values: ['"0f34"', '"77d0"'], kind: 'text' },
      's3:ObjectCreationOperation': { values: ['true', 'false'], kind: 'truth' },
    },
  },
  {
    action: 'cloudwatch:PutMetricAlarm',
    resources: ['alarm:churn-errors', 'alarm:fraud:errors'].map(
      (name) => `arn:aws:cloudwatch:eu-west-1:111122223333:${name}`,
    ),
    keys: {
      'cloudwatch:AlarmActions': { values: ['arn:aws:sns:eu-west-1:111122223333:on-call', 'none'], kind: 'texts' },
    },
  },
];

const comparisons = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
];
const ofArns = ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike'];
const optional = (names: readonly string[]): readonly string[] => names.flatMap((name) => [name, `${name}IfExists`]);

const operatorsOf: Readonly<Record<Key['kind'], readonly string[]>> = {
  text: ['Null', ...optional(comparisons)],
  texts: ['Null', ...comparisons.flatMap((name) => [`ForAnyValue:${name}`, `ForAllValues:${name}`])],
  truth: ['Null', ...optional(['Bool'])],
  arn: ['Null', ...optional(ofArns)],
};

/** Every operator that is generated. */
export const generatedOperators: readonly string[] = [...new Set(Object.values(operatorsOf).flat())];

const cases = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: fc.constant(text), weight: 3 },
    fc.constantFrom(
      text.toLowerCase(),
      text.toUpperCase(),
      text.replace(/.$/, (last) => last.toUpperCase()),
    ),
  );

/** Text with wildcards in the place of some of it: at an end, in the middle, of one character. */
const pattern = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: fc.constant(text), weight: 3 },
    fc.nat(text.length).map((at) => `${text.slice(0, at)}*`),
    fc.nat(text.length).map((at) => `*${text.slice(at)}`),
    fc
      .tuple(fc.nat(text.length), fc.nat(text.length))
      .map(([a, b]) => `${text.slice(0, Math.min(a, b))}*${text.slice(Math.max(a, b))}`),
    fc.nat(text.length - 1).map((at) => `${text.slice(0, at)}?${text.slice(at + 1)}`),
  );

/** The parts before the resource are whole or `*`: `crossingColons` has the others. */
const resourcePattern = (resource: string): fc.Arbitrary<string> => {
  const [arn = '', partition = '', service = '', region = '', account = '', ...name] = resource.split(':');
  const part = (text: string): fc.Arbitrary<string> =>
    fc.oneof(
      { arbitrary: fc.constant(text), weight: 6 },
      text.length > 2 ? fc.constantFrom('*', `${text.slice(0, 2)}*`, `${text.slice(0, -1)}?`) : fc.constant('*'),
    );
  // AWS's evaluator takes the kind of a resource literally.
  const [kind = '', rest = ''] = /^([^/:]*[/:])(.*)$/.exec(name.join(':'))?.slice(1) ?? ['', name.join(':')];
  return fc.oneof(
    {
      arbitrary: fc
        .tuple(part(region), part(account), pattern(rest))
        .map(([r, a, n]) => [arn, partition, service, r, a, `${kind}${n}`].join(':')),
      weight: 5,
    },
    fc.constant('*'),
  );
};

const actionPattern = (action: string): fc.Arbitrary<string> => {
  const [service = '', name = ''] = action.split(':');
  return fc.oneof(
    { arbitrary: cases(action), weight: 3 },
    pattern(name).map((one) => `${service}:${one}`),
    fc.constant('*'),
  );
};

const wanted = (
  kind: Key['kind'],
  operator: string,
  values: readonly string[],
): fc.Arbitrary<string | readonly string[]> => {
  if (operator === 'Null' || kind === 'truth') return fc.constantFrom('true', 'false');
  const one = fc
    .constantFrom(...values)
    .chain((value) => (operator.includes('Like') && kind !== 'arn' ? pattern(value) : cases(value)));
  return fc.oneof<fc.Arbitrary<string | readonly string[]>[]>(one, fc.uniqueArray(one, { minLength: 1, maxLength: 3 }));
};

const statement = ({
  action,
  resources,
  keys,
}: Subject): fc.Arbitrary<PublishedPolicy['document']['Statement'][number]> => {
  const condition = fc
    .constantFrom(...Object.entries(keys))
    .chain(([key, { kind, values }]) =>
      fc
        .constantFrom(...operatorsOf[kind])
        .chain((operator) =>
          fc.record({ operator: fc.constant(operator), key: cases(key), value: wanted(kind, operator, values) }),
        ),
    );
  return fc
    .record({
      Sid: fc.constant('Generated'),
      Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
      // A statement with a condition names its action: the condition's key is one of it.
      conditions: fc.array(condition, { maxLength: 2 }),
      exact: cases(action),
      loose: actionPattern(action),
      Resource: fc
        .constantFrom(...resources)
        .chain((resource) => fc.uniqueArray(resourcePattern(resource), { minLength: 1, maxLength: 2 })),
    })
    .map(({ conditions, exact, loose, ...rest }) => ({
      ...rest,
      Action: [conditions.length > 0 ? exact : loose],
      ...(conditions.length === 0 ? {} : { Condition: blockOf(conditions) }),
    }));
};

const blockOf = (
  conditions: readonly {
    readonly operator: string;
    readonly key: string;
    readonly value: string | readonly string[];
  }[],
): Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> => {
  const block: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { operator, key, value } of conditions) block[operator] = { ...block[operator], [key]: value };
  return block;
};

const contextOf = (keys: Subject['keys']): fc.Arbitrary<Check['context']> =>
  fc
    .tuple(
      ...Object.entries(keys).map(([key, { kind, values }]) =>
        fc
          .option<string | readonly string[]>(
            kind === 'texts'
              ? fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 })
              : fc.constantFrom(...values),
          )
          .map((value) => (value === null ? [] : [[key, value] as const])),
      ),
    )
    .map((entries) => Object.fromEntries(entries.flat()));

export const generatedRequests: fc.Arbitrary<Check> = fc.constantFrom(...subjects).chain((subject) =>
  fc.record({
    documents: fc
      .array(statement(subject), { minLength: 1, maxLength: 3 })
      .map((Statement) => [{ Version: '2012-10-17', Statement }]),
    action: fc.constant(subject.action),
    resource: fc.constantFrom(...subject.resources),
    context: contextOf(subject.keys),
  }),
);
