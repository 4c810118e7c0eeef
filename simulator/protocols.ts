import { cborProtocol, decodeCbor } from './protocols/cbor.ts';
import { jsonProtocol } from './protocols/json.ts';
import { parseForm, queryProtocol, readForm } from './protocols/query.ts';
import { readRest } from './protocols/rest.ts';
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
};

/** Query-protocol services by API version (AWS service models, `apiVersion`). */
const versions: Readonly<Record<string, string>> = {
  '2010-08-01': 'cloudwatch',
  '2010-05-08': 'iam',
  '2011-06-15': 'sts',
};

/** The service and operation of a request, by the features that AWS's own gateways use; undefined when it is none of them. */
export const decode = (
  request: WireRequest,
  tablesOf: (service: string) => Tables | undefined,
): Decoded | undefined => {
  const { headers, path } = request;
  const target = headers['x-amz-target'];
  if (target !== undefined) {
    const [prefix = '', operation = ''] = target.split('.');
    const service = targets[prefix];
    if (service === undefined) return undefined;
    const version = headers['content-type']?.includes('json-1.0') === true ? '1.0' : '1.1';
    const protocol = jsonProtocol(version, service === 'cloudwatch');
    return { service, operation, protocol, input: () => protocol.read(request.body) };
  }
  const rpc = /^\/service\/([^/]+)\/operation\/([^/]+)$/.exec(path);
  if (rpc !== null) {
    const service = targets[rpc[1] ?? ''];
    if (service === undefined) return undefined;
    return { service, operation: rpc[2] ?? '', protocol: cborProtocol, input: () => decodeCbor(request.body) };
  }
  if (path === '/' && headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    const form = parseForm(request.body);
    const service = versions[form.get('Version') ?? ''];
    const operation = form.get('Action') ?? '';
    if (service === undefined) return undefined;
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
  if (path.startsWith('/2015-03-31/')) return readRest('lambda', tablesOf('lambda'), request);
  const s3 = readS3(request);
  return s3 && { service: 's3', operation: s3.operation, protocol: s3Protocol, input: s3.input };
};
