import type { Functions, Kernel, Metrics } from '../../contracts.ts';
import type { Alias } from './model.ts';

interface Invocations extends Pick<Functions, 'traffic' | 'fail' | 'slow'> {
  /** Whether the next invocation of the version fails, by chance. */
  fails(functionName: string, version: string): boolean;
  /** Counts one invocation that named a version. */
  byVersion(functionName: string, version: string, failed: boolean): void;
}

/**
 * Invocations of aliases, in the background. The split is by chance (developer guide, "weighted alias": "Lambda uses a simple probabilistic
 * model"). Each invocation counts in `AWS/Lambda` for the function, for the alias, and for the version that ran by way of it
 * (developer guide, "Viewing metrics for Lambda functions": FunctionName, Resource, ExecutedVersion). Only Invocations, Errors and Duration
 * are simulated; a metric has the time of the invocation.
 */
export const createInvocations = (
  kernel: Kernel,
  metrics: Metrics,
  aliasOf: (functionName: string, alias: string) => Alias | undefined,
): Invocations => {
  const { settings } = kernel;
  const failing = new Map<string, number>();
  const durations = new Map<string, number>();
  const chance = kernel.random('invocations of versions');

  /** Between half and one and a half of the version's usual time. */
  const lasts = (functionName: string, version: string, random: () => number): number =>
    Math.round((durations.get(`${functionName}:${version}`) ?? usualMilliseconds) * (0.5 + random()));

  const count = (dimensions: Readonly<Record<string, string>>, { requests, errors, milliseconds }: Counted): void => {
    const at = kernel.clock.now();
    metrics.recordMany('AWS/Lambda', 'Invocations', dimensions, [1], [requests], at);
    const successes = settings.lambdaZeroErrors ? requests - errors : 0;
    if (successes + errors > 0) metrics.recordMany('AWS/Lambda', 'Errors', dimensions, [0, 1], [successes, errors], at);
    metrics.recordMany(
      'AWS/Lambda',
      'Duration',
      dimensions,
      milliseconds,
      milliseconds.map(() => 1),
      at,
    );
  };
  const record = (
    { functionName, alias, weighted }: { functionName: string; alias: string; weighted: boolean },
    version: string,
    counted: Counted,
  ): void => {
    const resource = { FunctionName: functionName, Resource: `${functionName}:${alias}` };
    const versions =
      weighted || settings.executedVersionMetrics === 'always' ? [{ ...resource, ExecutedVersion: version }] : [];
    for (const dimensions of [{ FunctionName: functionName }, resource, ...versions]) count(dimensions, counted);
  };

  return {
    fails: (functionName, version) => chance() < (failing.get(`${functionName}:${version}`) ?? 0),
    byVersion: (functionName, version, failed) => {
      const milliseconds = [lasts(functionName, version, chance)];
      const counted = { requests: 1, errors: failed ? 1 : 0, milliseconds };
      for (const dimensions of [
        { FunctionName: functionName },
        { FunctionName: functionName, Resource: `${functionName}:${version}` },
      ])
        count(dimensions, counted);
    },
    fail: (functionName, version, rate) => void failing.set(`${functionName}:${version}`, rate),
    slow: (functionName, version, milliseconds) => void durations.set(`${functionName}:${version}`, milliseconds),
    traffic({ function: functionName, alias: name, requestsPerSecond, seed }) {
      const random = kernel.random(`invocations/${functionName}:${name}/${seed}`);
      let owed = 0;
      const timer = kernel.clock.every(1000, `invocations of ${functionName}:${name}`, () => {
        const alias = aliasOf(functionName, name);
        owed += requestsPerSecond;
        const due = Math.floor(owed);
        owed -= due;
        if (alias === undefined) return;
        const counted = new Map<string, Counted>();
        for (let request = 0; request < due; request++) {
          const { additional } = alias;
          const version = additional !== undefined && random() < additional.weight ? additional.version : alias.version;
          const seen = counted.get(version) ?? { requests: 0, errors: 0, milliseconds: [] };
          seen.requests++;
          seen.milliseconds.push(lasts(functionName, version, random));
          if (random() < (failing.get(`${functionName}:${version}`) ?? 0)) seen.errors++;
          counted.set(version, seen);
        }
        const weighted = alias.additional !== undefined;
        for (const [version, seen] of counted) record({ functionName, alias: name, weighted }, version, seen);
      });
      return { stop: () => timer.cancel() };
    },
  };
};

/** Of one version in one second. */
interface Counted {
  requests: number;
  errors: number;
  readonly milliseconds: number[];
}

/** Duration of an invocation, unless `slow` has another. */
const usualMilliseconds = 40;
