import { expect, describe as suite, test } from '@jest/globals';
import {
  classify,
  describe,
  type ErrorClass,
  failureCause,
  mayHaveBeenApplied,
  orUndefined,
  permissionOf,
} from '../../../src/aws/errors.ts';
import { Throttled } from '../../../src/aws/retry.ts';
import { rejection } from '../../support/aws.ts';

const awsError = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 }, ...more });

const endpointArn = 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn';

suite('classify', () => {
  const table: readonly (readonly [string, string, ErrorClass])[] = [
    // Registry family.
    ['ValidationException', 'Model Package Group already exists: churn', 'already-exists'],
    [
      'ValidationException',
      'ModelPackageGroup arn:aws:sagemaker:x:y:model-package-group/churn does not exist.',
      'not-found',
    ],
    ['ValidationException', 'ModelPackage arn:aws:sagemaker:x:y:model-package/churn/7 does not exist.', 'not-found'],
    ['BadRequest', 'Could not find model package churn/7', 'not-found'],
    [
      'ValidationException',
      "1 validation error detected: Value '-x' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression",
      'validation',
    ],
    ['ConflictException', 'Another update is in progress', 'conflict'],
    ['ResourceLimitExceeded', 'The account-level service limit', 'quota'],
    ['ThrottlingException', 'Rate exceeded', 'throttled'],
    // Hosting; AWS quotes with ", emulators with '.
    ['ValidationException', `Cannot create already existing endpoint "${endpointArn}".`, 'already-exists'],
    ['ValidationException', `Cannot create already existing endpoint '${endpointArn}'.`, 'already-exists'],
    [
      'ValidationException',
      `Cannot create already existing endpoint configuration "${endpointArn}".`,
      'already-exists',
    ],
    ['ValidationException', `Cannot create already existing model "${endpointArn}".`, 'already-exists'],
    ['ValidationException', `Cannot update in-progress endpoint "${endpointArn}".`, 'in-progress'],
    ['ValidationException', `Cannot update in-progress endpoint '${endpointArn}'.`, 'in-progress'],
    ['ValidationException', `Could not find endpoint "${endpointArn}".`, 'not-found'],
    ['ValidationException', `Could not find endpoint '${endpointArn}'.`, 'not-found'],
    ['ValidationException', `Could not find endpoint configuration "${endpointArn}".`, 'not-found'],
    ['ValidationException', 'Could not find inference component "x".', 'not-found'],
    ['ValidationException', 'Could not find requested job with name: x', 'not-found'],
    ['ValidationException', 'Requested resource not found.', 'not-found'],
    ['ResourceNotFound', 'Endpoint is gone', 'not-found'],
    [
      'ResourceLimitExceeded',
      "The account-level service limit 'ml.m5.large for endpoint usage' is 2 Instances, with current utilization of 2 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase for this quota.",
      'quota',
    ],
    [
      'ValidationException',
      'An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister the scalable target.',
      'access-denied',
    ],
    [
      'ValidationException',
      'ManagedInstanceScaling is only supported for inference component endpoints.',
      'validation',
    ],
    // FailureReason texts that also come as messages.
    [
      'ClientError',
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.',
      'capacity',
    ],
    ['ClientError', 'CapacityError: Unable to provision requested ML compute capacity.', 'capacity'],
    ['ClientError', 'There is not enough hardware resources on the instances for this endpoint', 'capacity'],
    [
      'InternalFailure',
      'Request to service failed. If failure persists after retry, contact customer support.',
      'transient',
    ],
    // Credentials.
    ['AccessDeniedException', 'User: x is not authorized to perform: sagemaker:CreateModel', 'access-denied'],
    ['AccessDenied', 'Access Denied', 'access-denied'],
    ['ExpiredTokenException', 'The security token included in the request is expired', 'expired-credentials'],
    ['ExpiredToken', 'The provided token has expired.', 'expired-credentials'],
    ['UnrecognizedClientException', 'The security token included in the request is expired', 'expired-credentials'],
    ['UnrecognizedClientException', 'The security token included in the request is invalid.', 'no-credentials'],
    ['CredentialsProviderError', 'Could not load credentials from any providers', 'no-credentials'],
    // S3, Application Auto Scaling, CloudWatch, ECR.
    ['NoSuchKey', 'The specified key does not exist.', 'not-found'],
    ['PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 'precondition-failed'],
    ['ConditionalRequestConflict', 'A conflicting operation occurred', 'transient'],
    ['SlowDown', 'Please reduce your request rate.', 'throttled'],
    ['ConcurrentUpdateException', 'A pending update exists', 'transient'],
    ['ObjectNotFoundException', 'No scalable target found', 'not-found'],
    ['LimitExceededException', 'Too many scheduled actions', 'quota'],
    ['ImageNotFoundException', 'no image with this tag', 'not-found'],
    ['AbortError', 'Request aborted', 'aborted'],
    ['TypeError', 'x is not a function', 'other'],
  ];
  test.each(table)('%s: %s → %s', (name, message, expected) => {
    expect(classify(awsError(name, message))).toBe(expected);
  });

  test('the HTTP status never decides about an error that has a name', () => {
    for (const status of [400, 403, 404, 409, 412, 429])
      expect(classify(awsError('SomethingNew', 'words', { $metadata: { httpStatusCode: status } }))).toBe('other');
  });

  test('a broken connection is transient, a host that does not exist is a wrong setting', () => {
    expect(classify(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))).toBe('transient');
    expect(classify(Object.assign(new Error('getaddrinfo ENOTFOUND x'), { code: 'ENOTFOUND' }))).toBe('unreachable');
  });

  test('a 400 without words is a throttle, except from S3, whose HEAD has no body', () => {
    expect(classify(awsError('Unknown', 'UnknownError'))).toBe('throttled');
    expect(classify(awsError('ValidationException', 'null'))).toBe('throttled');
    expect(classify(awsError('Unknown', 'UnknownError', { call: 's3:HeadObject' }))).toBe('other');
    expect(classify(awsError('AccessDeniedException', ''))).toBe('access-denied');
  });

  test('what is no Error is other', () => {
    expect(classify('words')).toBe('other');
    expect(classify(undefined)).toBe('other');
    expect(classify(awsError('constructor', 'x'))).toBe('other');
  });
});

suite('mayHaveBeenApplied', () => {
  test.each([
    ['ECONNRESET', true],
    ['ETIMEDOUT', true],
    ['ECONNREFUSED', false],
    ['ENOTFOUND', false],
  ])('%s → %s', (code, expected) => {
    expect(mayHaveBeenApplied(Object.assign(new Error(code), { code }))).toBe(expected);
  });
  test('a throttled call was not carried out', () => {
    expect(mayHaveBeenApplied(awsError('ThrottlingException', 'Rate exceeded'))).toBe(false);
  });
});

suite('permissionOf', () => {
  const on = 'arn:aws:iam::111122223333:role/churn-serving';
  test.each([
    [
      `User: arn:aws:sts::111122223333:assumed-role/d/s is not authorized to perform: iam:PassRole on resource: ${on} because no identity-based policy allows the iam:PassRole action`,
      { action: 'iam:PassRole', resource: on },
    ],
    [
      `User: arn:aws:sts::111122223333:assumed-role/d/s is not authorized to perform: s3:GetObject on resource: "${on}" with an explicit deny`,
      { action: 's3:GetObject', resource: on },
    ],
    [
      'User: x is not authorized to perform: application-autoscaling:PutScalingPolicy',
      { action: 'application-autoscaling:PutScalingPolicy' },
    ],
    ['Not authorized to perform sts:AssumeRoleWithWebIdentity', { action: 'sts:AssumeRoleWithWebIdentity' }],
  ])('%s', (message, expected) => {
    expect(permissionOf(awsError('AccessDenied', message))).toEqual(expected);
  });
  test('without words, the call names the permission', () => {
    expect(
      permissionOf(awsError('Unknown', '', { call: 's3:HeadObject', $metadata: { httpStatusCode: 403 } })),
    ).toEqual({
      action: 's3:GetObject',
    });
  });
  test('another error asks for none', () => {
    expect(permissionOf(awsError('ThrottlingException', 'Rate exceeded'))).toBeUndefined();
  });
});

suite('describe', () => {
  test('says the call, the words and the request', () => {
    const error = awsError('ValidationException', `Cannot update in-progress endpoint "${endpointArn}".`, {
      call: 'sagemaker:UpdateEndpoint',
      $metadata: { httpStatusCode: 400, requestId: 'r-1' },
    });
    expect(describe(error)).toBe(
      `sagemaker:UpdateEndpoint failed: ValidationException: Cannot update in-progress endpoint "${endpointArn}". (request r-1)`,
    );
  });
  test('says which permission is missing', () => {
    const error = awsError(
      'AccessDenied',
      'User: x is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::b/k',
      {
        call: 's3:PutObject',
      },
    );
    expect(describe(error)).toBe('s3:PutObject was denied: grant s3:PutObject on arn:aws:s3:::b/k');
  });
  test.each([
    ['SyntaxError', `Unexpected token 'b', "boom" is not valid JSON`, 500],
    ['SyntaxError', 'Unexpected end of JSON input', 200],
    ['Error', '@aws-sdk XML parse error: unexpected content.', 200],
  ])('an answer that cannot be read is no %s of this process: %s', (name, message, httpStatusCode) => {
    const error = awsError(name, message, { call: 'sts:AssumeRole', $metadata: { httpStatusCode } });
    const reported = `sts:AssumeRole failed: the answer could not be read (HTTP ${httpStatusCode}): it broke off, or a device between this machine and AWS answered`;
    expect(describe(error)).toBe(reported);
    // The wait for it is no cause.
    expect(describe(new Throttled(0, error))).toBe(reported);
  });
  test('a connection that broke off is said to have', () => {
    const error = awsError('Error', 'aborted\n  Deserialization error: to see the raw response, look', {
      call: 'sts:X',
    });
    expect(describe(error)).toBe('sts:X failed: the connection broke off in the middle of the answer');
  });
  test('an answer without words gets some', () => {
    expect(describe(awsError('Unknown', 'UnknownError', { call: 's3:HeadObject' }))).toBe(
      's3:HeadObject failed: an answer without a message (HTTP 400)',
    );
  });
});

suite('orUndefined', () => {
  test('gives answers and undefined for what is not there', async () => {
    expect(await orUndefined(Promise.resolve(7))).toBe(7);
    expect(await orUndefined(Promise.reject(awsError('NoSuchKey', 'x')))).toBeUndefined();
  });
  test('lets other errors pass', async () => {
    const error = awsError('AccessDenied', 'x');
    expect(await rejection(orUndefined(Promise.reject(error)))).toBe(error);
  });
});

suite('failureCause', () => {
  test.each([
    [
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
      'health-check',
    ],
    [
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry',
      'capacity',
    ],
    [
      'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.',
      'capacity',
    ],
    [
      'There is not enough hardware resources on the instances for this endpoint to create a copy of the inference component.',
      'capacity',
    ],
    ["The account-level service limit 'ml.m5.large for endpoint usage' is 2 Instances", 'quota'],
    ['CannotStartContainerError. Please ensure the model container starts', 'container-start'],
    ['Please make sure all images included in the model for the production variant A exist, and', 'container-start'],
    ['Failed to download model data for container "c" from URL: "s3://b/k".', 'artifact-download'],
    ['Failed to extract model data archive for container "c" from URL "s3://b/k".', 'artifact-download'],
    ['Request to service failed. If failure persists after retry, contact customer support.', 'service'],
    ['Something about an alarm', 'unknown'],
  ])('%s → %s', (text, expected) => {
    expect(failureCause(text)).toBe(expected);
  });
});
