import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codedeploy } from '../../../src/aws/codedeploy.ts';
import type { CredentialSource } from '../../../src/aws/credentials.ts';
import { ecs } from '../../../src/aws/ecs.ts';
import { classify } from '../../../src/aws/errors.ts';
import { lambda } from '../../../src/aws/lambda.ts';
import { type SendSigned, signedSender, signedService } from '../../../src/aws/signed.ts';

// The clients without a generated client behind them: what they send, and what becomes of an answer.

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
let server: Server;
let seen: Seen[];
let answer: { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };
beforeEach(async () => {
  seen = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const calls: string[] = [];
const sendTo = (name: string): SendSigned => {
  const { port } = server.address() as AddressInfo;
  const credentials = {
    provide: async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token-of-the-session' }),
  } as unknown as CredentialSource;
  const connection = { region: 'eu-west-1', endpointUrl: `http://127.0.0.1:${port}`, version: '1.2.3' };
  return signedSender(signedService(name, connection, credentials), {
    retry: (call, attempt) => {
      calls.push(call);
      return attempt();
    },
  });
};
test('ECS is asked for a revision with its tags, and a missing one is told from every other refusal', async () => {
  answer = { status: 400, body: '{"__type":"ClientException","message":"Unable to describe task definition."}' };
  const asked = ecs(sendTo('ecs')).reads.describeTaskDefinition({ taskDefinition: 'churn:7' });
  expect(await asked.catch(classify)).toBe('not-found');
  expect(calls.at(-1)).toBe('ecs:DescribeTaskDefinition');
  expect(seen).toMatchObject([
    {
      body: '{"taskDefinition":"churn:7","include":["TAGS"]}',
      headers: {
        'x-amz-target': 'AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition',
        authorization: expect.stringContaining('/eu-west-1/ecs/aws4_request'),
      },
    },
  ]);
});

const get = () => codedeploy(sendTo('codedeploy')).reads.getDeployment({ deploymentId: 'd-1' });

test('a call of AWS JSON is signed for its service and region, and names itself to the retry as IAM does', async () => {
  answer = { status: 200, body: '{"deploymentInfo":{"status":"InProgress"}}' };
  expect(await get()).toEqual({ deploymentInfo: { status: 'InProgress' } });
  expect(calls.at(-1)).toBe('codedeploy:GetDeployment');
  expect(seen).toMatchObject([
    {
      method: 'POST',
      url: '/',
      body: '{"deploymentId":"d-1"}',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'CodeDeploy_20141006.GetDeployment',
        'user-agent': 'model-delivery/1.2.3',
        'x-amz-security-token': 'token-of-the-session',
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=AKIA\/\d{8}\/eu-west-1\/codedeploy\/aws4_request, SignedHeaders=\S*x-amz-target\S*, Signature=[0-9a-f]{64}$/,
        ),
      },
    },
  ]);
});

test('a REST call has its members in path and query', async () => {
  answer = { status: 200, body: '{"Configuration":{"Version":"7"}}' };
  await lambda(sendTo('lambda')).reads.getFunction({ FunctionName: 'churn/serving', Qualifier: '7' });
  expect(seen).toMatchObject([{ method: 'GET', url: '/2015-03-31/functions/churn%2Fserving?Qualifier=7', body: '' }]);
});

describe('an error has the name by which it is told apart', () => {
  test.each<[string, typeof answer, string, string]>([
    [
      'of AWS JSON',
      { status: 400, body: '{"__type":"com.amazonaws.codedeploy#DeploymentDoesNotExistException","message":"gone"}' },
      'DeploymentDoesNotExistException',
      'not-found',
    ],
    [
      'in the header',
      {
        status: 404,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException:http://x' },
        body: '{"Message":"gone"}',
      },
      'ResourceNotFoundException',
      'not-found',
    ],
    [
      'of a throttle',
      { status: 400, body: '{"__type":"ThrottlingException","message":"Rate exceeded"}' },
      'ThrottlingException',
      'throttled',
    ],
    [
      'of a denial',
      { status: 400, body: '{"__type":"AccessDeniedException","message":"User: x is not authorized to perform: y"}' },
      'AccessDeniedException',
      'access-denied',
    ],
    [
      'without a name',
      { status: 503, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: '' },
      'UnknownError',
      'transient',
    ],
  ])('%s', async (_name, given, name, kind) => {
    answer = given;
    const error: unknown = await get().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name, $metadata: { httpStatusCode: given.status } });
    expect(classify(error)).toBe(kind);
  });
});
