import { describe, expect, test } from '@jest/globals';
import { AwsError } from '../../simulator/contracts.ts';
import { loadTables, patternOf, type Tables, validate } from '../../simulator/validation.ts';
import { fc } from '../support/properties.ts';

const services = ['sagemaker', 'sagemaker-runtime', 'cloudwatch', 'application-autoscaling', 'sts', 'ecr'] as const;
const tables = new Map(services.map((service) => [service as string, loadTables(service)]));
const tablesOf = (service: string): Tables =>
  tables.get(service) ?? { source: '', operations: {}, shapes: {}, unserved: {} };

const refused = (service: string, operation: string, input: Record<string, unknown>): string => {
  try {
    validate(service, tablesOf(service), operation, input);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return `${error.code}: ${error.message}`;
  }
};

const variant = { VariantName: 'AllTraffic', ModelName: 'm', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 };

describe('constraints', () => {
  test('one violation is worded as AWS words it', () => {
    expect(refused('sagemaker', 'DescribeEndpoint', { EndpointName: '-bad-' })).toBe(
      "ValidationException: 1 validation error detected: Value '-bad-' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    );
    expect(refused('sagemaker', 'DescribeEndpoint', {})).toBe(
      "ValidationException: 1 validation error detected: Value null at 'endpointName' failed to satisfy constraint: Member must not be null",
    );
  });

  test('all violations are counted and listed, with the path to each', () => {
    const message = refused('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'x'.repeat(64),
      ProductionVariants: [variant, { ...variant, InitialInstanceCount: 0, InstanceType: 'm5.large' }],
    });
    expect(message).toMatch(/^ValidationException: 4 validation errors detected: /);
    expect(message).toContain(
      "at 'endpointConfigName' failed to satisfy constraint: Member must have length less than or equal to 63",
    );
    expect(message).toContain("Value '0' at 'productionVariants.2.member.initialInstanceCount' failed");
    expect(message).toContain("Value 'm5.large' at 'productionVariants.2.member.instanceType' failed");
  });

  /** Each row is a constraint of AWS's service model (`botocore`), one just inside and one just outside. */
  test.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['sagemaker', 'DescribeEndpoint', { EndpointName: 'a'.repeat(63) }, { EndpointName: 'a'.repeat(64) }],
    ['sagemaker', 'DescribeEndpoint', { EndpointName: 'a--b' }, { EndpointName: 'a-' }],
    ['sagemaker', 'ListEndpoints', { MaxResults: 100 }, { MaxResults: 101 }],
    ['sagemaker', 'ListEndpoints', { SortBy: 'Name' }, { SortBy: 'Age' }],
    [
      'sagemaker',
      'CreateModelPackageGroup',
      { ModelPackageGroupName: 'churn', ModelPackageGroupDescription: 'Who leaves, and why?' },
      { ModelPackageGroupName: 'churn', ModelPackageGroupDescription: 'two\nlines' },
    ],
    [
      'sagemaker',
      'CreateEndpointConfig',
      { EndpointConfigName: 'c', ProductionVariants: [{ ...variant, InstanceType: 'ml.p5.4xlarge' }] },
      { EndpointConfigName: 'c', ProductionVariants: [] },
    ],
    [
      'sagemaker',
      'UpdateEndpointWeightsAndCapacities',
      { EndpointName: 'e', DesiredWeightsAndCapacities: [{ VariantName: 'v', DesiredWeight: 0 }] },
      { EndpointName: 'e', DesiredWeightsAndCapacities: [{ VariantName: 'v', DesiredWeight: -0.1 }] },
    ],
    [
      'sagemaker',
      'UpdateModelPackage',
      {
        ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1',
        ModelApprovalStatus: 'Approved',
      },
      { ModelPackageArn: 'churn/1', ModelApprovalStatus: 'Approved' },
    ],
    ['cloudwatch', 'SetAlarmState', alarmState('ALARM'), alarmState('RED')],
    ['cloudwatch', 'DeleteAlarms', { AlarmNames: Array(100).fill('a') }, { AlarmNames: Array(101).fill('a') }],
    ['sts', 'AssumeRole', assume('release-7'), assume('release 7')],
    ['sts', 'AssumeRole', { ...assume('r7'), DurationSeconds: 900 }, { ...assume('r7'), DurationSeconds: 899 }],
    ['ecr', 'DescribeImages', { repositoryName: 'team/churn' }, { repositoryName: 'Churn' }],
    [
      'sagemaker-runtime',
      'InvokeEndpoint',
      { EndpointName: 'e', Body: Buffer.of() },
      { EndpointName: '-', Body: Buffer.of() },
    ],
    [
      'application-autoscaling',
      'DescribeScalableTargets',
      { ServiceNamespace: 'sagemaker' },
      { ServiceNamespace: 'stagemaker' },
    ],
  ])('%s %s: the edge is accepted, one step further is refused', (service, operation, inside, outside) => {
    expect(refused(service, operation, inside)).toBe('accepted');
    expect(refused(service, operation, outside)).toMatch(/[12] validation errors? detected/);
  });

  test('an instance type is one of the model’s', () => {
    const typo = { ...variant, InstanceType: 'ml.m5.lagre' };
    const config = { EndpointConfigName: 'c', ProductionVariants: [typo] };
    expect(refused('sagemaker', 'CreateEndpointConfig', config)).toMatch(
      /^ValidationException: 1 validation error detected: Value 'ml\.m5\.lagre' at 'productionVariants\.1\.member\.instanceType' failed to satisfy constraint: Member must satisfy enum value set: \[ml\.t2\.medium, /,
    );
  });

  test('each service has its own code for it', () => {
    expect(refused('sts', 'AssumeRole', {})).toMatch(/^ValidationError: 2 validation errors detected/);
    expect(refused('ecr', 'DescribeImages', {})).toMatch(/^InvalidParameterException: /);
    expect(refused('cloudwatch', 'SetAlarmState', {})).toMatch(/^ValidationError: 3 /);
  });

  test('a wrong JSON type is a SerializationException, found before any constraint', () => {
    expect(refused('sagemaker', 'DescribeEndpoint', { EndpointName: 7 })).toBe(
      'SerializationException: NUMBER_VALUE can not be converted to a String',
    );
    expect(refused('sagemaker', 'ListEndpoints', { MaxResults: '7', SortBy: 'Age' })).toBe(
      'SerializationException: STRING_VALUE can not be converted to an Integer',
    );
    expect(refused('sagemaker', 'DescribeEndpoint', { EndpointName: { S: 'e' } })).toMatch(
      /^SerializationException: Start/,
    );
  });
});

describe('what a handler gets', () => {
  test('members AWS does not know are dropped, nulls too; timestamps become epoch seconds', () => {
    const clean = validate('cloudwatch', tablesOf('cloudwatch'), 'PutMetricData', {
      Namespace: 'suite',
      Novelty: true,
      StrictEntityValidation: null,
      MetricData: [{ MetricName: 'abort', Value: 1, Timestamp: new Date(60_000), Shade: 'red' }],
    });
    expect(clean).toEqual({ Namespace: 'suite', MetricData: [{ MetricName: 'abort', Value: 1, Timestamp: 60 }] });
  });

  test('arbitrary JSON is refused with a client error or cleaned, never a crash', () => {
    const operations = services.flatMap((service) =>
      Object.keys(tablesOf(service).operations).map((operation) => [service, operation] as const),
    );
    const members = fc.constantFrom(
      'EndpointName',
      'Tags',
      'MetricData',
      'ProductionVariants',
      'AlarmNames',
      'imageIds',
    );
    const input = fc.dictionary(members, fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(fc.constantFrom(...operations), input, ([service, operation], value) => {
        expect(refused(service, operation, value)).toMatch(
          /^(accepted$|SerializationException|\w+: \d+ validation errors? detected)/,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('the tables', () => {
  test('every pattern compiles, every name resolves, and the source names the botocore version', () => {
    for (const { source, operations, shapes } of tables.values()) {
      expect(source).toMatch(/^botocore \d+\.\d+\.\d+, [a-z-]+ \d{4}-\d\d-\d\d$/);
      const names = Object.values(operations).flatMap(({ input, output }) => [input, output]);
      for (const shape of Object.values(shapes)) {
        names.push(...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value);
        if (shape.pattern !== undefined) expect(patternOf(shape.pattern)).toBeInstanceOf(RegExp);
      }
      for (const name of names) if (name !== undefined) expect(shapes).toHaveProperty([name]);
    }
  });

  test('Java’s character classes mean what they mean in Java, and a quantified end is only an end', () => {
    expect(patternOf('\\A\\S[\\p{Print}]*\\z').test('a b~')).toBe(true);
    expect(patternOf('\\A\\S[\\p{Print}]*\\z').test('a\tb')).toBe(false);
    expect(patternOf('\\p{Print}+').test('ü')).toBe(false);
    const metadataKey = ['([\\p{L}\\p{N}]*)$', '{1,128}'].join('');
    expect(patternOf(metadataKey).test('Überschuss1')).toBe(true);
    expect(patternOf(metadataKey).test('no-dash')).toBe(false);
  });
});

function alarmState(StateValue: string) {
  return { AlarmName: 'a', StateValue, StateReason: 'because' };
}
function assume(RoleSessionName: string) {
  return { RoleArn: 'arn:aws:iam::111122223333:role/model-deployer', RoleSessionName };
}
