import { AwsError, type Instant, type Service, type Settings } from '../../../simulator/contracts.ts';
import { createKernel, defaultStart } from '../../../simulator/kernel.ts';
import { loadHonoured, refuseUnserved } from '../../../simulator/members.ts';
import { watched } from '../../../simulator/observed-reads.ts';
import { createCloudwatch } from '../../../simulator/services/cloudwatch/cloudwatch.ts';
import { loadTables, validate } from '../../../simulator/validation.ts';

const tables = {
  cloudwatch: loadTables('cloudwatch'),
  'application-autoscaling': loadTables('application-autoscaling'),
};
const honoured = loadHonoured();
const caller = {
  principal: {
    accessKeyId: 'AKIATEST',
    arn: 'arn:aws:iam::111122223333:role/test',
    accountId: '111122223333',
  },
  requestId: 'r-1',
};

/** Calls an operation the way the kernel does: what AWS's own validator refuses never reaches the service. */
export const call = (
  name: keyof typeof tables,
  service: Service,
  operation: string,
  input: object,
): Record<string, unknown> => {
  const handler = service.operations[operation];
  if (!handler) throw new Error(`${operation} is not served`);
  const named = { service: name, operation, tables: tables[name] };
  const clean = validate(name, tables[name], operation, { ...input });
  refuseUnserved(honoured, named, clean);
  return watched(named, handler)(clean, caller) as Record<string, unknown>;
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
export const start: Instant = defaultStart;

/** CloudWatch alone, on a clock the test moves. Minutes are counted from `start`. */
export const cloudwatch = (settings: Partial<Settings> = {}) => {
  const { kernel, clock, events } = createKernel({ settings });
  const { service, metrics } = createCloudwatch(kernel);
  const at = (minutes: number): Instant => start + minutes * minute;
  return {
    kernel,
    events,
    service,
    metrics,
    at,
    /** As timestamps travel. */
    seconds: (minutes: number): number => at(minutes) / 1000,
    advanceTo: clock.advanceTo,
    advance: (milliseconds: number): void => clock.advanceTo(clock.now() + milliseconds),
    call: (operation: string, input: object) => call('cloudwatch', service, operation, input),
    refusal: (operation: string, input: object) => refusal(() => call('cloudwatch', service, operation, input)),
  };
};
