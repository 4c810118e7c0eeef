import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import nock from 'nock';
import {
  classify,
  failureCause,
  isRefused,
  mayHaveBeenApplied,
  orUndefined,
  permissionOf,
  describe as reported,
} from '../../src/aws/errors.ts';
import { folder } from '../../src/inputs/folder.ts';
import { reasonCodes } from '../../src/reason-codes.ts';
import { failureOf } from '../../src/report/failure.ts';
import { openSession } from '../../src/session/session.ts';
import { clientsFor, staticCredentials, url } from '../support/aws.ts';
import { budget, junk, mutatedText } from '../support/fuzz.ts';
import { fc } from '../support/properties.ts';
import { virtualClock } from '../support/virtual-clock.ts';

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

/** Sentences that mean something to the classifier, in any company. */
const sentences = [
  'Could not find endpoint "x".',
  'ModelPackage x does not exist.',
  'Cannot create already existing endpoint "x".',
  'Cannot update in-progress endpoint "x".',
  'The security token included in the request is expired',
  'User: arn:aws:sts::111122223333:assumed-role/a/b is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" because no',
  'Rate exceeded',
  'Bad response: 407',
  'Signature expired: 20260105T083000Z is now earlier than 20260105T085500Z (20260105T090000Z - 5 min.)',
  'null',
  '',
  '<html>',
  'A'.repeat(20_000),
];
const message = fc.oneof(
  fc.constantFrom(...sentences),
  fc.constantFrom(...sentences).chain((one) => mutatedText(one)),
  fc.tuple(fc.constantFrom(...sentences), fc.constantFrom(...sentences)).map((two) => two.join(' ')),
  fc.string({ unit: 'binary', maxLength: 200 }),
);
const name = fc.oneof(
  fc.constantFrom(
    ...[
      'ValidationException',
      'AccessDeniedException',
      'AccessDenied',
      'ThrottlingException',
      'ResourceNotFound',
      'NoSuchKey',
    ],
    ...[
      'ExpiredToken',
      'SignatureDoesNotMatch',
      'PreconditionFailed',
      'Unknown',
      'UnknownError',
      'Error',
      'SyntaxError',
      'AbortError',
    ],
    ...['RequestTimeTooSkewed', 'InternalFailure', 'toString', '__proto__', 'constructor', '403', 'Unreachable'],
  ),
  fc.string({ maxLength: 20 }),
);
const awsError = fc
  .record({
    name,
    message,
    status: fc.constantFrom(undefined, 200, 302, 400, 403, 404, 407, 412, 429, 431, 500, 503),
    code: fc.constantFrom(
      undefined,
      'ECONNRESET',
      'ENOTFOUND',
      'EPROTO',
      'HPE_X',
      'ERR_SSL_X',
      'toString',
      '__proto__',
    ),
    call: fc.constantFrom('sagemaker:UpdateEndpoint', 's3:HeadObject', 'sts:GetCallerIdentity', 'toString'),
    requestId: fc.option(fc.string({ maxLength: 10 }), { nil: undefined }),
  })
  .map(({ name, message, status, code, call, requestId }) =>
    Object.assign(new Error(message), {
      name,
      call,
      ...(code === undefined ? {} : { code }),
      $metadata: { httpStatusCode: status, requestId },
    }),
  );

test('whatever an error of AWS’s is called and says, it has a reason and words, and is no defect', async () => {
  await fc.assert(
    fc.asyncProperty(awsError, async (error) => {
      const { reason, because, outcome } = failureOf(error);
      expect(Object.keys(reasonCodes)).toContain(reason);
      expect(reason).not.toBe('internal-error');
      expect(outcome).not.toBe('succeeded');
      expect(because).not.toBe('');
      expect(reported(error)).toBe(because);
      for (const ask of [mayHaveBeenApplied, isRefused]) expect(typeof ask(error)).toBe('boolean');
      const permission = permissionOf(error);
      if (permission) expect(classify(error)).toBe('access-denied');
      // What AWS denies, throttles or does not let in is never taken for something that is not there, whatever the words beside it.
      if (/^(AccessDenied|Throttl|SignatureDoesNotMatch|PreconditionFailed)/.test(error.name)) {
        expect(['not-found', 'already-exists', 'in-progress']).not.toContain(classify(error));
        const answer = await orUndefined(Promise.reject(error)).then(
          () => 'taken for absent',
          () => 'an error',
        );
        expect(answer).toBe('an error');
      }
    }),
    budget(),
  );
});

test('the cause in a FailureReason is one of the list, whatever it says', () => {
  fc.assert(
    fc.property(message, (text) => {
      expect([
        'health-check',
        'capacity',
        'quota',
        'container-start',
        'artifact-download',
        'service',
        'unknown',
      ]).toContain(failureCause(text));
    }),
    budget(),
  );
});

const body = fc.oneof(
  fc.tuple(name, message).map(([type, text]) => JSON.stringify({ __type: type, message: text })),
  fc
    .tuple(name, message)
    .map(([type, text]) => `<Error><Code>${type}</Code><Message>${text.replaceAll(/[<&]/g, '')}</Message></Error>`),
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '<html><body>Sign in</body></html>',
    '{"__type":7}',
    '{"message":{}}',
    '<Error/>',
  ),
  junk.map((value) => JSON.stringify(value) ?? ''),
  fc.string({ maxLength: 60 }),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'x-amzn-requestid',
    'x-amzn-errortype',
    'x-amz-request-id',
    'location',
    'date',
    'etag',
    'retry-after',
  ),
  fc.constantFrom(
    'text/html',
    'application/x-amz-json-1.1',
    'r1',
    'NoSuchKey',
    'http://portal.example/?s=1',
    'Mon, 05 Jan 2026 09:00:00 GMT',
    'x',
  ),
);
const status = fc.constantFrom(200, 204, 302, 307, 400, 401, 403, 404, 407, 409, 412, 429, 431, 500, 503);

test('whatever answers at the wire: an answer, or an error with a reason; a refusal is never an answer', async () => {
  const calls = [
    (clients: ReturnType<typeof clientsFor>) => clients.reads.sagemaker.describeEndpoint({ EndpointName: 'churn' }),
    (clients: ReturnType<typeof clientsFor>) => clients.reads.s3.headObject({ Bucket: 'b', Key: 'k' }),
    (clients: ReturnType<typeof clientsFor>) => clients.reads.s3.getObject({ Bucket: 'b', Key: 'k' }, 1_000_000),
    (clients: ReturnType<typeof clientsFor>) =>
      clients.writes.sagemaker.updateEndpoint({ EndpointName: 'c', EndpointConfigName: 'd' }),
  ];
  await fc.assert(
    fc.asyncProperty(status, headers, body, fc.constantFrom(...calls), async (code, given, text, call) => {
      nock.cleanAll();
      nock(url).persist().intercept(/.*/, 'GET').reply(code, text, given);
      nock(url).persist().intercept(/.*/, 'HEAD').reply(code, '', given);
      nock(url).persist().intercept(/.*/, 'POST').reply(code, text, given);
      try {
        await call(clientsFor({ clock: virtualClock() }));
        expect(code).toBeLessThan(300);
      } catch (error) {
        if (error instanceof Error && 'matcherResult' in error) throw error;
        const { reason, because } = failureOf(error);
        expect(reason).not.toBe('internal-error');
        expect(because).not.toContain('$response');
        expect(because.length).toBeLessThan(25_000);
      }
    }),
    budget(0.5),
  );
});

test('no answer but an account of twelve digits opens a session', async () => {
  const answer = fc.oneof(
    body,
    fc
      .string({ maxLength: 14 })
      .map(
        (id) =>
          `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>${id.replaceAll(/[<&]/g, '')}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      ),
  );
  process.env['AWS_ACCESS_KEY_ID'] = 'A';
  process.env['AWS_SECRET_ACCESS_KEY'] = 's';
  expect((await staticCredentials.provide()).accessKeyId).toBe('AKIDEXAMPLE');
  await fc.assert(
    fc.asyncProperty(status, headers, answer, async (code, given, text) => {
      nock.cleanAll();
      nock(url).persist().post('/').reply(code, text, given);
      try {
        const session = await openSession({
          target: { region: 'eu-west-1' },
          env: { AWS_ENDPOINT_URL: url },
          run: { host: 'command-line', holder: 'test' },
          workspace: folder(process.cwd()),
          clock: virtualClock(),
          dryRun: true,
          signal: new AbortController().signal,
        });
        expect(session.account.id).toMatch(/^\d{12}$/);
      } catch (error) {
        if (error instanceof Error && 'matcherResult' in error) throw error;
        expect(failureOf(error).reason).not.toBe('internal-error');
      }
    }),
    budget(0.5),
  );
});
