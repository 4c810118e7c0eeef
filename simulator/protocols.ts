import type { S3Operations } from './members.ts';
import { cborProtocol, decodeCbor } from './protocols/cbor.ts';
import { jsonProtocol } from './protocols/json.ts';
import { formOf, queryProtocol, readForm } from './protocols/query.ts';
import { readRest, restProtocol } from './protocols/rest.ts';
import { readRuntime, runtimeProtocol } from './protocols/runtime.ts';
import { readS3, s3Protocol } from './protocols/s3.ts';
import type { Tables } from './validation.ts';
import type { Decoded, WireRequest } from './wire.ts';

/** X-Amz-Target prefixes (AWS service models, `targetPrefix`). */
const targets: Readonly<Record<string, string>> = {
  SageMaker: 'sagemaker',
  GraniteServiceVersion20100801: 'cloudwatch',
  AnyScaleFrontendService: 'application-autoscaling',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  CodePipeline_20150709: 'codepipeline',
  CodeDeploy_20141006: 'codedeploy',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AWSEvents: 'events',
};

/** Query-protocol services by API version (AWS service models, `apiVersion`). */
const versions: Readonly<Record<string, string>> = {
  '2010-08-01': 'cloudwatch',
  '2010-05-08': 'iam',
  '2011-06-15': 'sts',
  '2010-03-31': 'sns',
};

/** Services by the names in credential scopes, where these differ (AWS service models, `signingName` and `endpointPrefix`). */
const signedNames: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** The service that the request was signed for. */
const scopeOf = ({ headers, presigned }: WireRequest): string | undefined => {
  const credential =
    /Credential=([^,\s]+)/.exec(headers['authorization'] ?? '')?.[1] ?? presigned?.get('X-Amz-Credential');
  const name = credential?.split('/')[3];
  return name === undefined ? undefined : (known(signedNames, name) ?? name);
};

const known = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** Of every service, the tables of its model; S3's are of another kind. */
export interface Models {
  readonly tablesOf: (service: string) => Tables | undefined;
  readonly s3: S3Operations;
}

/**
 * The service and operation of a request, by the features that AWS's own gateways use; of a service that is not simulated by its credential scope.
 * Undefined when it is no request for AWS.
 */
export const decode = (request: WireRequest, { tablesOf, s3 }: Models): Decoded | undefined => {
  const { headers, path } = request;
  const target = headers['x-amz-target'];
  const scope = scopeOf(request);
  /** Of a service that is simulated, such a request names no operation. */
  const unserved = (protocol: Decoded['protocol'], operation: string, sent: string): Decoded | undefined =>
    scope === undefined
      ? undefined
      : { service: scope, operation: tablesOf(scope) ? sent : operation, protocol, input: () => ({}) };
  if (target !== undefined) {
    const [prefix = '', operation = ''] = target.split('.');
    const service = known(targets, prefix);
    const version = headers['content-type']?.includes('json-1.0') === true ? '1.0' : '1.1';
    const protocol = jsonProtocol(version, service === 'cloudwatch');
    if (service === undefined) return unserved(protocol, operation, target);
    // A JSON service does not recognise an operation in another content type (disneystreaming/smithy4s#167).
    if (!/^application\/x-amz-json-1\.[01]\b/.test(headers['content-type'] ?? ''))
      return { service, operation: 'unreadable', protocol: unrecognized, input: () => ({}) };
    return { service, operation, protocol, input: () => protocol.read(request.body) };
  }
  const rpc = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(path);
  if (rpc !== null && headers['smithy-protocol'] !== undefined) {
    const service = known(targets, rpc[1] ?? '');
    const operation = rpc[2] ?? '';
    if (service === undefined) return unserved(cborProtocol, operation, path);
    return { service, operation, protocol: cborProtocol, input: () => decodeCbor(request.body) };
  }
  const form = formOf(request);
  if (form !== undefined) {
    const service = known(versions, form.get('Version') ?? '');
    const operation = form.get('Action') ?? '';
    if (service === undefined)
      return unserved(
        queryProtocol(scope ?? ''),
        operation,
        `${operation} for version ${form.get('Version') ?? 'NO_VERSION_SPECIFIED'}`,
      );
    return {
      service,
      operation,
      protocol: queryProtocol(service),
      input: () => readForm(form, operation, tablesOf(service)),
    };
  }
  const runtime = request.method === 'POST' ? readRuntime(request) : undefined;
  if (runtime !== undefined) return { service: 'sagemaker-runtime', protocol: runtimeProtocol, ...runtime };
  // Lambda's paths begin with the version of its API, and no bucket of the simulator has that name.
  if (scope === 'lambda' || path.startsWith('/2015-03-31/')) return readRest('lambda', tablesOf('lambda'), request);
  if (scope === 'sagemaker') {
    const other = readRest('sagemaker-runtime', tablesOf('sagemaker-runtime'), request);
    if (/^\w+$/.test(other.operation)) return other;
  }
  // Signed for a service that is simulated: S3 answers what is wrong with the signature.
  if (scope !== undefined && scope !== 's3' && tablesOf(scope) === undefined)
    return { ...readRest(scope, undefined, request), protocol: restProtocol(200) };
  // A person who opens the address in a browser.
  if (path === '/' && scope === undefined) return undefined;
  return { service: 's3', protocol: s3Protocol, ...readS3(request, s3) };
};

/** The operation that is not recognised is answered in no protocol at all. */
const unrecognized: Decoded['protocol'] = {
  ...jsonProtocol('1.1', false),
  refuse: (error, context) =>
    error.code === 'UnknownOperationException'
      ? {
          status: error.status,
          headers: { 'x-amzn-requestid': context.requestId },
          body: Buffer.from(`<${error.code}/>\n`),
        }
      : jsonProtocol('1.1', false).refuse(error, context),
};
