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
const outputHeaders = {
  ContentType: 'content-type',
  InvokedProductionVariant: 'x-amzn-invoked-production-variant',
  CustomAttributes: 'x-amzn-sagemaker-custom-attributes',
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
    return {
      status: error.status,
      headers: { 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.code, 'content-type': 'application/json' },
      body: Buffer.from(toJson({ Message: error.message, ...error.members })),
    };
  },
};
