import { AwsError, type Service } from '../../../simulator/contracts.ts';
import { createCloudwatch } from '../../../simulator/services/cloudwatch/cloudwatch.ts';
import { startOfTest, type TestKernel, testKernel } from './kernel.ts';

export const caller = {
  principal: { accessKeyId: 'AKIATEST', arn: 'arn:aws:iam::111122223333:role/test', accountId: '111122223333' },
  requestId: 'r-1',
};

/** Calls an operation the way the kernel does, for reading its answer. */
export const call = (service: Service, operation: string, input: object): Record<string, unknown> => {
  const handler = service.operations[operation];
  if (!handler) throw new Error(`${operation} is not served`);
  return handler(input, caller) as Record<string, unknown>;
};

/** The error AWS would answer with; undefined when the call succeeds. */
export const refusal = (action: () => unknown): AwsError | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
};

export const green = { EndpointName: 'churn', VariantName: 'AllTraffic', EndpointConfigName: 'churn-2' };
export const dimensions = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([Name, Value]) => ({ Name, Value }));

export const minute = 60_000;

export const cloudwatch = (settings: Parameters<typeof testKernel>[0] = {}) => {
  const kernel: TestKernel = testKernel(settings);
  const { service, metrics } = createCloudwatch(kernel);
  const at = (minutes: number): number => startOfTest + minutes * minute;
  return {
    kernel,
    service,
    metrics,
    at,
    seconds: (minutes: number): number => at(minutes) / 1000,
    call: (operation: string, input: object) => call(service, operation, input),
    refusal: (operation: string, input: object) => refusal(() => call(service, operation, input)),
  };
};
