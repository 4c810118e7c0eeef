import type { SimulatorOptions } from '../../simulator/simulator.ts';
import { minutes } from '../../src/clock.ts';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import type { TestAccount } from '../support/account.ts';

/** A release under the judge, as `record.ts` plays it. */
export interface Scene {
  readonly name: string;
  readonly about: string;
  readonly version: '1.1.0' | '1.2.0' | '1.3.0' | '1.4.0' | '1.6.0' | '1.7.0';
  readonly rollout: string;
  readonly settings?: SimulatorOptions['settings'];
  /** Share of the requests that the model refuses with a 4xx. */
  readonly mistakes?: number;
  readonly requestsPerSecond?: number;
  /** The containers publish counts of their answers. */
  readonly publishes?: true;
  /** While the old version alone serves, before the release begins. */
  readonly usually?: (account: TestAccount) => void;
  /** Once, when the candidate gets its first requests; of a guardrail deployment when its canary begins to bake. */
  readonly harm?: (account: TestAccount, traffic: { stop(): void }) => void;
}

const judge = (more = ''): string =>
  `judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 }${more} }`;
const steps = (more = '', limit = 'max-step: 6h'): string =>
  `strategy: steps, steps: [10, 50, 100], bake: 5m, ${limit}, ${judge(more)}`;
const canary = (more = ''): string => `strategy: canary, size: 25%, bake: 15m, final-bake: 5m, ${judge(more)}`;
const linear = `strategy: linear, step: 25%, bake: 10m, final-bake: 5m, ${judge()}`;

/** The classes of the answers, as the containers publish them. */
const own = (verdict: 'hold' | 'convict'): string =>
  `, metrics: [{ name: classes, namespace: Acme/Garden, dimensions: { ModelVersion: "{version}" }, verdict: ${verdict}, cells: { ${[
    'setosa',
    'versicolor',
    'virginica',
  ]
    .map((name) => `${name}: { metric: Predictions, dimensions: { Class: ${name} } }`)
    .join(', ')} } }]`;

const endpoint = 'iris';
const failing = (rate: number, length: number, variant?: string) => (account: TestAccount) =>
  account.simulator.harm.dependencyFailure(endpoint, {
    rate,
    durationMs: minutes(length),
    ...(variant === undefined ? {} : { variant }),
  });
const blind = (times: number) => (account: TestAccount) =>
  account.simulator.faults.add({ kind: 'server-error', service: 'cloudwatch', operation: 'GetMetricData', times });

/** Another one each time, as the callers' are. */
const flower = (n: number): Buffer =>
  Buffer.from(
    [4.5 + (n % 31) / 10, 2.2 + (n % 17) / 10, 1 + (n % 53) / 10, 0.1 + (n % 23) / 10]
      .map((cm) => cm.toFixed(2))
      .join(),
  );

const [bursty, one] = [', burst-guard: on', ', burst-guard: off'];
const coarse = { latencyTrimmedStatistics: false };

export const scenes: readonly Scene[] = [
  { name: 'steps-clean', about: 'neither version ever fails', version: '1.1.0', rollout: steps() },
  {
    name: 'steps-rare-failures',
    about: 'both fail now and then',
    version: '1.1.0',
    rollout: steps(),
    usually: failing(0.001, 900),
  },
  {
    name: 'steps-usual-failures',
    about: 'both fail on one request in fifty, as the old one did before',
    version: '1.1.0',
    rollout: steps(),
    usually: failing(0.02, 900),
    requestsPerSecond: 60,
  },
  {
    name: 'steps-proven-by-ratio',
    about: 'both fail on one request in twenty, as the old one did before, and the limit is a ratio',
    version: '1.1.0',
    rollout: steps().replace('excess-below: 0.5%', 'excess-below: 0.5%, at-most: 1.5x'),
    usually: failing(0.05, 900),
  },
  {
    name: 'steps-newest-in-doubt',
    about: 'the new one fails on 1 % from its 40th minute on, in the bake of its first step',
    version: '1.1.0',
    rollout: steps().replace('bake: 5m', 'bake: 90m'),
    usually: failing(0.001, 900),
    requestsPerSecond: 30,
    harm: (account) => {
      const { clock } = account.simulator;
      clock.at(clock.now() + minutes(40), 'the fault begins', () => failing(0.01, 120, 'AllTraffic-next')(account));
    },
  },
  { name: 'steps-errors', about: 'the new one fails on 5 %', version: '1.4.0', rollout: steps() },
  { name: 'steps-slow-tail', about: 'the new one takes 900 ms longer on 3 %', version: '1.6.0', rollout: steps() },
  {
    name: 'steps-slow-percentile',
    about: 'the new one takes 300 ms longer, and CloudWatch counts no latencies',
    version: '1.3.0',
    rollout: steps(),
    settings: coarse,
  },
  {
    name: 'steps-late-leak',
    about: 'the new one is sound for its first 3,000 requests',
    version: '1.7.0',
    rollout: steps(),
    requestsPerSecond: 30,
  },
  {
    name: 'steps-shared-outage',
    about: 'what both depend on fails for three minutes',
    version: '1.1.0',
    rollout: steps(),
    harm: failing(0.1, 3),
    requestsPerSecond: 60,
  },
  {
    name: 'steps-old-fleet-incident',
    about: 'the old one fails on a third beside a bad new one',
    version: '1.4.0',
    rollout: steps(),
    harm: failing(0.33, 25, 'AllTraffic'),
  },
  {
    name: 'steps-both-fail',
    about: 'half of the requests to either fail',
    version: '1.1.0',
    rollout: steps(),
    harm: failing(0.5, 60),
  },
  {
    name: 'steps-no-traffic',
    about: 'the endpoint is not called during the first step',
    version: '1.1.0',
    rollout: steps('', 'max-step: 40m'),
    harm: (account, traffic) => {
      account.stopTraffic();
      traffic.stop();
    },
  },
  {
    name: 'steps-split-not-as-weighted',
    about: 'many callers name the old variant, and the weights do not say what each gets',
    version: '1.1.0',
    rollout: steps('', 'max-step: 40m'),
    harm: ({ simulator: { clock, hosting } }) =>
      clock.every(100, 'callers that name the old one', () =>
        hosting.invoke({
          endpoint,
          body: flower(clock.now() / 100),
          contentType: 'text/csv',
          targetVariant: 'AllTraffic',
          at: clock.now(),
        }),
      ),
  },
  {
    name: 'steps-blind',
    about: 'CloudWatch cannot be read any more',
    version: '1.1.0',
    rollout: steps(),
    harm: blind(Number.POSITIVE_INFINITY),
  },
  {
    name: 'steps-blind-for-a-while',
    about: 'CloudWatch cannot be read for some minutes',
    version: '1.1.0',
    rollout: steps(),
    harm: blind(12),
  },
  {
    name: 'steps-revised',
    about: 'metrics arrive later than they are read, and are revised',
    version: '1.4.0',
    rollout: steps(),
    settings: { metricDelayMs: 180_000 },
  },
  {
    name: 'steps-late-requests',
    about: 'both fail on one request in fifty, and requests settle later than errors, in either arm by its own',
    version: '1.1.0',
    rollout: steps(),
    usually: failing(0.02, 900),
    requestsPerSecond: 60,
    settings: { lateInvocationsMs: 120_000 },
  },
  {
    name: 'steps-last-step-fails',
    about: 'the new one fails on 15 % once it has all of the traffic',
    version: '1.1.0',
    rollout: steps(),
    requestsPerSecond: 60,
    harm: (account) =>
      account.simulator.faults.add({
        kind: 'call',
        service: 'sagemaker',
        operation: 'UpdateEndpointWeightsAndCapacities',
        // The raise to all of the traffic comes after that to the half.
        after: 1,
        times: 1,
        action: () => failing(0.15, 60, 'AllTraffic-next')(account),
      }),
  },
  {
    name: 'steps-burst-unguarded',
    about: 'the new one alone fails for a minute',
    version: '1.1.0',
    rollout: steps(one),
    harm: failing(0.5, 1, 'AllTraffic-next'),
  },
  {
    name: 'steps-burst-guarded',
    about: 'the same, and the policy expects bursts',
    version: '1.1.0',
    rollout: steps(bursty),
    harm: failing(0.5, 1, 'AllTraffic-next'),
    requestsPerSecond: 60,
  },
  {
    name: 'steps-errors-guarded',
    about: 'the new one fails on 5 %, and the policy expects bursts',
    version: '1.4.0',
    rollout: steps(bursty),
  },
  {
    name: 'steps-client-errors-reported',
    about: 'a quarter of the requests are malformed',
    version: '1.1.0',
    rollout: steps(),
    mistakes: 0.25,
  },
  {
    name: 'steps-client-errors-judged',
    about: 'the same, and the policy judges 4xx answers',
    version: '1.1.0',
    rollout: steps(', client-errors: judge'),
    mistakes: 0.02,
    requestsPerSecond: 60,
  },
  {
    name: 'steps-own-metrics',
    about: 'the classes of a good version have nearly the same shares, by which it is judged too',
    version: '1.1.0',
    rollout: steps(own('convict')),
    publishes: true,
  },
  {
    name: 'steps-predictions-differ',
    about: 'one never answers versicolor, and its classes hold',
    version: '1.2.0',
    rollout: steps(own('hold'), 'max-step: 30m'),
    requestsPerSecond: 30,
    publishes: true,
  },
  {
    name: 'steps-predictions-convict',
    about: 'the same, and its classes convict',
    version: '1.2.0',
    rollout: steps(own('convict')),
    publishes: true,
  },
  { name: 'canary-good', about: 'a guardrail deployment of a good version', version: '1.1.0', rollout: canary() },
  {
    name: 'canary-errors',
    about: 'a guardrail deployment of one that fails on 5 %',
    version: '1.4.0',
    rollout: canary(),
  },
  {
    name: 'canary-slow-mean',
    about: 'one that takes 300 ms longer, and CloudWatch counts no latencies',
    version: '1.3.0',
    rollout: canary(),
    settings: coarse,
  },
  {
    name: 'linear-good',
    about: 'a good version in four steps of a guardrail deployment',
    version: '1.1.0',
    rollout: linear,
  },
];

export const manifestOf = ({ rollout }: Scene): string =>
  manifestText({ rollout, unwatched: true }).replace(
    'minimum-requests: 0',
    rollout.startsWith('strategy: steps') ? 'minimum-requests: 300' : 'minimum-requests: 0',
  );
