import type { Functions, Kernel, Metrics } from '../../contracts.ts';
import type { Alias } from './model.ts';

interface Invocations extends Pick<Functions, 'traffic' | 'fail'> {
  /** Whether the next invocation of the version fails, by chance. */
  fails(functionName: string, version: string): boolean;
  /** Counts one invocation that named a version. */
  byVersion(functionName: string, version: string, failed: boolean): void;
}

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
): Invocations => {
  const failing = new Map<string, number>();
  const chance = kernel.random('invocations of versions');

  const count = (dimensions: Readonly<Record<string, string>>, requests: number, errors: number): void => {
    const at = kernel.clock.now();
    metrics.recordMany('AWS/Lambda', 'Invocations', dimensions, [1], [requests], at);
    metrics.recordMany('AWS/Lambda', 'Errors', dimensions, [0, 1], [requests - errors, errors], at);
  };
  const record = (functionName: string, alias: string, version: string, requests: number, errors: number): void => {
    const resource = { FunctionName: functionName, Resource: `${functionName}:${alias}` };
    for (const dimensions of [{ FunctionName: functionName }, resource, { ...resource, ExecutedVersion: version }])
      count(dimensions, requests, errors);
  };

  return {
    fails: (functionName, version) => chance() < (failing.get(`${functionName}:${version}`) ?? 0),
    byVersion: (functionName, version, failed) => {
      for (const dimensions of [
        { FunctionName: functionName },
        { FunctionName: functionName, Resource: `${functionName}:${version}` },
      ])
        count(dimensions, 1, failed ? 1 : 0);
    },
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
