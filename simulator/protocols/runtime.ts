import type { Decoded, Protocol, WireRequest } from '../wire.ts';
import { toJson } from './json.ts';

/** SageMaker Runtime is REST: the body is the payload, everything else travels in headers (AWS: sagemaker-runtime 2017-05-13). */
const commonHeaders = {
  CustomAttributes: 'x-amzn-sagemaker-custom-attributes',
  InferenceId: 'x-amzn-sagemaker-inference-id',
} as const;
export const inputHeaders = {
  InvokeEndpoint: {
    ...commonHeaders,
    ContentType: 'content-type',
    Accept: 'accept',
    TargetModel: 'x-amzn-sagemaker-target-model',
    TargetVariant: 'x-amzn-sagemaker-target-variant',
    TargetContainerHostname: 'x-amzn-sagemaker-target-container-hostname',
    EnableExplanations: 'x-amzn-sagemaker-enable-explanations',
    InferenceComponentName: 'x-amzn-sagemaker-inference-component',
    SessionId: 'x-amzn-sagemaker-session-id',
    PrefixAwareId: 'x-amzn-sagemaker-prefix-aware-id',
  },
  InvokeEndpointAsync: {
    ...commonHeaders,
    ContentType: 'x-amzn-sagemaker-content-type',
    Accept: 'x-amzn-sagemaker-accept',
    InputLocation: 'x-amzn-sagemaker-inputlocation',
    S3OutputPathExtension: 'x-amzn-sagemaker-s3outputpathextension',
    Filename: 'x-amzn-sagemaker-filename',
    RequestTTLSeconds: 'x-amzn-sagemaker-requestttlseconds',
    InvocationTimeoutSeconds: 'x-amzn-sagemaker-invocationtimeoutseconds',
  },
} as const;
const operations: Readonly<Record<string, keyof typeof inputHeaders>> = {
  invocations: 'InvokeEndpoint',
  'async-invocations': 'InvokeEndpointAsync',
};

/**
 * AWS has no such header. The answer comes at once, for time stands still while its caller runs; here is the virtual time that the caller
 * would have waited for it. AWS itself gives latencies only to CloudWatch (ModelLatency, OverheadLatency).
 */
export const durationHeader = 'x-simulator-duration-ms';

/** AWS has no such header either: `stand-in` or `command`, when something else than a model of the simulator answered. */
export const servedByHeader = 'x-simulator-served-by';

const outputHeaders = {
  ContentType: 'content-type',
  InvokedProductionVariant: 'x-amzn-invoked-production-variant',
  CustomAttributes: 'x-amzn-sagemaker-custom-attributes',
  OutputLocation: 'x-amzn-sagemaker-outputlocation',
  FailureLocation: 'x-amzn-sagemaker-failurelocation',
  SimulatedDurationMs: durationHeader,
  SimulatedServedBy: servedByHeader,
} as const;

/** Text that is no percent-encoding stays as it is, and is refused by the pattern of its member. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const readRuntime = (request: WireRequest): Pick<Decoded, 'operation' | 'input'> | undefined => {
  const [, endpoint = '', verb = ''] = /^\/endpoints\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
  const operation = operations[verb];
  if (operation === undefined) return undefined;
  return {
    operation,
    input: () => {
      const input: Record<string, unknown> = { EndpointName: decoded(endpoint) };
      // A request without a payload is one whose payload is in S3.
      if (operation === 'InvokeEndpoint' || request.body.length > 0) input['Body'] = request.body;
      for (const [member, header] of Object.entries(inputHeaders[operation])) {
        const value = request.headers[header];
        if (value !== undefined) input[member] = member.endsWith('Seconds') ? Number(value) : value;
      }
      return input;
    },
  };
};

export const runtimeProtocol: Protocol = {
  name: 'rest-json',
  family: 'json',
  answer(output, { operation, requestId }) {
    const headers: Record<string, string> = { 'x-amzn-requestid': requestId };
    for (const [member, header] of Object.entries(outputHeaders)) {
      const value = output[member];
      if (value !== undefined) headers[header] = String(value);
    }
    if (operation === 'InvokeEndpointAsync') {
      const body = Buffer.from(toJson({ InferenceId: output['InferenceId'] }));
      return { status: 202, headers: { ...headers, 'content-type': 'application/json' }, body };
    }
    const body = output['Body'];
    return { status: 200, headers, body: Buffer.isBuffer(body) ? body : Buffer.from(String(body ?? '')) };
  },
  refuse(error, { requestId }) {
    const { SimulatedDurationMs: duration, SimulatedServedBy: servedBy, ...members } = error.members;
    // A refusal of the front door has a status and no error type.
    const isPlain = /^\d+$/.test(error.code);
    const said = isPlain || error.message === '' ? { message: error.message || null } : { Message: error.message };
    return {
      status: error.status,
      headers: {
        'x-amzn-requestid': requestId,
        'content-type': 'application/json',
        ...(isPlain ? {} : { 'x-amzn-errortype': error.code }),
        ...(duration === undefined ? {} : { [durationHeader]: String(duration) }),
        ...(servedBy === undefined ? {} : { [servedByHeader]: String(servedBy) }),
      },
      body: Buffer.from(toJson({ ...said, ...members })),
    };
  },
};
