import type { Protocol, WireRequest } from '../wire.ts';
import { toJson } from './json.ts';

/** SageMaker Runtime is REST: the body is the payload, everything else travels in headers (AWS: sagemaker-runtime 2017-05-13). */
const inputHeaders = {
  ContentType: 'content-type',
  Accept: 'accept',
  CustomAttributes: 'x-amzn-sagemaker-custom-attributes',
  TargetModel: 'x-amzn-sagemaker-target-model',
  TargetVariant: 'x-amzn-sagemaker-target-variant',
  TargetContainerHostname: 'x-amzn-sagemaker-target-container-hostname',
  InferenceId: 'x-amzn-sagemaker-inference-id',
  EnableExplanations: 'x-amzn-sagemaker-enable-explanations',
  InferenceComponentName: 'x-amzn-sagemaker-inference-component',
  SessionId: 'x-amzn-sagemaker-session-id',
} as const;
/**
 * AWS has no such header. The answer comes at once, for time stands still while its caller runs; here is the virtual time that the caller
 * would have waited for it. AWS itself gives latencies only to CloudWatch (ModelLatency, OverheadLatency).
 */
export const durationHeader = 'x-simulator-duration-ms';

const outputHeaders = {
  ContentType: 'content-type',
  InvokedProductionVariant: 'x-amzn-invoked-production-variant',
  CustomAttributes: 'x-amzn-sagemaker-custom-attributes',
  SimulatedDurationMs: durationHeader,
} as const;

export const readRuntime = (endpoint: string, request: WireRequest): Record<string, unknown> => {
  const input: Record<string, unknown> = { EndpointName: endpoint, Body: request.body };
  for (const [member, header] of Object.entries(inputHeaders)) {
    const value = request.headers[header];
    if (value !== undefined) input[member] = value;
  }
  return input;
};

export const runtimeProtocol: Protocol = {
  name: 'rest-json',
  family: 'json',
  answer(output, { requestId }) {
    const headers: Record<string, string> = { 'x-amzn-requestid': requestId };
    for (const [member, header] of Object.entries(outputHeaders)) {
      const value = output[member];
      if (value !== undefined) headers[header] = String(value);
    }
    const body = output['Body'];
    return { status: 200, headers, body: Buffer.isBuffer(body) ? body : Buffer.from(String(body ?? '')) };
  },
  refuse(error, { requestId }) {
    const { SimulatedDurationMs: duration, ...members } = error.members;
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
      },
      body: Buffer.from(toJson({ ...said, ...members })),
    };
  },
};
