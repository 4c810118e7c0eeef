import type { Functions, Kernel, Metrics } from '../../contracts.ts';
import type { Alias } from './model.ts';

/**
 * Invocations of aliases, in the background. The split is by chance (developer guide, "weighted alias": "Lambda uses a simple probabilistic
 * model"). Each invocation counts in `AWS/Lambda` for the function, for the alias, and for the version that ran by way of it
 * (developer guide, "Types of metrics for Lambda functions": FunctionName, Resource, ExecutedVersion). Only Invocations and Errors are
 * simulated.
 */
export const createInvocations = (
  kernel: Kernel,
  metrics: Metrics,
  aliasOf: (functionName: string, alias: string) => Alias | undefined,
): Pick<Functions, 'traffic' | 'fail'> => {
  const failing = new Map<string, number>();

  const record = (functionName: string, alias: string, version: string, requests: number, errors: number): void => {
    const resource = { FunctionName: functionName, Resource: `${functionName}:${alias}` };
    const at = kernel.clock.now();
    for (const dimensions of [{ FunctionName: functionName }, resource, { ...resource, ExecutedVersion: version }]) {
      metrics.recordMany('AWS/Lambda', 'Invocations', dimensions, [1], [requests], at);
      metrics.recordMany('AWS/Lambda', 'Errors', dimensions, [0, 1], [requests - errors, errors], at);
    }
  };

  return {
    fail: (functionName, version, rate) => void failing.set(`${functionName}:${version}`, rate),
    traffic({ function: functionName, alias: name, requestsPerSecond, seed }) {
      const random = kernel.random(`invocations/${functionName}:${name}/${seed}`);
      let owed = 0;
      const timer = kernel.clock.every(1000, `invocations of ${functionName}:${name}`, () => {
        const alias = aliasOf(functionName, name);
        owed += requestsPerSecond;
        const due = Math.floor(owed);
        owed -= due;
        if (alias === undefined) return;
        const counted = new Map<string, { requests: number; errors: number }>();
        for (let request = 0; request < due; request++) {
          const { additional } = alias;
          const version = additional !== undefined && random() < additional.weight ? additional.version : alias.version;
          const count = counted.get(version) ?? { requests: 0, errors: 0 };
          count.requests++;
          if (random() < (failing.get(`${functionName}:${version}`) ?? 0)) count.errors++;
          counted.set(version, count);
        }
        for (const [version, { requests, errors }] of counted) record(functionName, name, version, requests, errors);
      });
      return { stop: () => timer.cancel() };
    },
  };
};
