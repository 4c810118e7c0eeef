import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { AliasRollout, JudgePolicy, LambdaAlias, LambdaHooks, Rollout } from './manifest.ts';
import type { RegressionSpec } from './regression.ts';
import * as v from './values.ts';

const about = z.describe;

/**
 * AWS's own policy `AWSCodeDeployRoleForLambda` lets CodeDeploy invoke functions with this prefix alone (AWS managed policy
 * reference, `AWSCodeDeployRoleForLambda` v3).
 */
const hookName = /^CodeDeployHook_[a-zA-Z0-9-_]+$/;
const hook = () => v.text('the name of a function that begins with CodeDeployHook_', hookName, 64);

const hooks = z.pipe(
  v
    .mapping({
      'before-allow-traffic': z.optional(
        hook().check(about('Invoked before the new version gets any request: the regression test, `codebuild/hook`.')),
      ),
      'after-allow-traffic': z.optional(
        hook().check(about('Invoked when the new version has all requests: the same test once more, anew.')),
      ),
    })
    .check(
      about(
        'Functions that CodeDeploy invokes during a deployment. One that fails, or reports nothing within an hour, takes the deployment back. A rollback invokes none.',
      ),
    ),
  z.transform(
    ({ 'before-allow-traffic': beforeAllowTraffic, 'after-allow-traffic': afterAllowTraffic }): LambdaHooks =>
      withoutUndefined({ beforeAllowTraffic, afterAllowTraffic }),
  ),
);

/** `lambda` of an environment in `delivery.yml`. */
export const lambdaAlias = z.pipe(
  v
    .mapping({
      function: v
        .text('the name of a function', /^[a-zA-Z0-9-_]+$/, 64)
        .check(about('The Lambda function. Its published versions run container images.')),
      alias: v
        .resourceName('the name of an alias')
        .check(
          about('The alias that callers use: letters, digits and hyphens, since the release record has its name.'),
        ),
      application: v
        .text('the name of an application', /^\S+$/, 100)
        .check(about('The CodeDeploy application, of the compute platform Lambda.')),
      'deployment-group': v
        .text('the name of a deployment group', /^\S+$/, 100)
        .check(about('The deployment group of this alias. Its alarms stay armed.')),
      hooks: z.optional(hooks),
    })
    .check(about('The alias of a Lambda function that the model is delivered to, with `target: lambda-alias`.')),
  z.transform(
    ({ 'deployment-group': deploymentGroup, hooks, ...raw }): LambdaAlias =>
      withoutUndefined({ ...raw, deploymentGroup, hooks }),
  ),
);

/** A problem of a rollout to an alias, at a key of `rollout`. */
export interface AliasFault {
  readonly key: string;
  readonly message: string;
}

/** What of `regression` has no meaning for an alias: the hook asks two published versions of one function for the golden rows. */
export const hookFaults = ({ asking }: RegressionSpec): readonly AliasFault[] => {
  const { candidate, baseline, request, contract, bias, attribution, load, command } = asking;
  const found: AliasFault[] = [];
  const refuse = (key: string, message: string): void => void found.push({ key, message });
  if (candidate.is !== 'temporary' || candidate.instance !== undefined)
    refuse('candidate', 'is about SageMaker: the hook asks the published version under test; leave the key out');
  if (baseline.is !== 'serving')
    refuse('baseline', 'is about SageMaker: the hook asks the version that the alias leaves; leave the key out');
  if (request !== undefined && request.contentType !== 'application/json')
    refuse('request', `must have the content type application/json: the payload of a Lambda function is JSON`);
  for (const [key, given] of Object.entries({ contract, bias, attribution, load, command }))
    if (given !== undefined) refuse(key, 'is a check of a SageMaker endpoint, and the hook compares golden rows alone');
  return found;
};

/** CodeDeploy: quotas, "Maximum number of minutes between the first and the last traffic shift"; the percentage is a whole number. */
const longestShiftMinutes = 2_880;
/** CodeDeploy: CreateDeployment, the alarms of a deployment. */
export const mostAliasAlarms = 10;

/**
 * What of a rollout has no meaning for an alias or a service. CodeDeploy moves its traffic, and knows requests and minutes only.
 * @param target `an alias`
 */
export const aliasFaults = (rollout: Rollout, target: 'an alias' | 'a service'): readonly AliasFault[] => {
  const found: AliasFault[] = [];
  const refuse = (key: string, message: string): void => void found.push({ key, message });
  const { strategy } = rollout;
  if (strategy === 'rolling')
    refuse('strategy', `replaces instances in batches, and ${target} has none: use all-at-once, canary or linear`);
  if (strategy === 'steps')
    refuse(
      'strategy',
      `needs two variants of a SageMaker endpoint; ${target} has two versions only while CodeDeploy shifts its traffic: use all-at-once, canary or linear`,
    );
  if ('finalBakeSeconds' in rollout && rollout.finalBakeSeconds !== 0)
    refuse(
      'final-bake',
      'must be 0s: CodeDeploy ends a deployment with its last shift, and rolls nothing back after it',
    );
  if (rollout.minimumRequests !== 0)
    refuse('minimum-requests', 'must be 0: CodeDeploy shifts by time alone, whatever the number of requests');
  if (rollout.alarms.errors !== undefined || rollout.alarms.latencyP99Milliseconds !== undefined)
    refuse(
      'alarms',
      `errors and latency-p99 are limits on metrics of a SageMaker endpoint: create an alarm on ${target === 'an alias' ? 'AWS/Lambda' : 'AWS/ApplicationELB'} and name it in \`named\``,
    );
  if (rollout.judge !== undefined && strategy !== 'steps') found.push(...judgeFaults(rollout, rollout.judge, target));
  const step = strategy === 'canary' ? rollout.size : strategy === 'linear' ? rollout.step : undefined;
  if (step === undefined || (strategy !== 'canary' && strategy !== 'linear')) return found;
  const key = strategy === 'canary' ? 'size' : 'step';
  if (step.unit === 'instances') {
    refuse(key, `must be a share of the requests: ${target} has no instances`);
    return found;
  }
  if (!Number.isInteger(step.value) || step.value < 1 || step.value > 99)
    refuse(key, `must be a whole share from 1% to 99%: CodeDeploy takes no ${step.value}%`);
  const { bakeSeconds } = rollout;
  if (bakeSeconds < 60 || bakeSeconds % 60 !== 0)
    refuse('bake', 'must be whole minutes, at least 1m: CodeDeploy counts minutes');
  const shifts = strategy === 'canary' ? 1 : Math.ceil(100 / step.value) - 1;
  const shiftMinutes = (shifts * bakeSeconds) / 60;
  if (shiftMinutes > longestShiftMinutes)
    refuse('bake', `makes the shift last ${shiftMinutes} minutes; CodeDeploy allows ${longestShiftMinutes}`);
  const { timeoutSeconds } = rollout;
  const around = overheadMinutes[target];
  if (timeoutSeconds !== undefined && timeoutSeconds < (shiftMinutes + around) * 60)
    refuse(
      'timeout',
      `cannot hold the shift of ${shiftMinutes}m, before and after which CodeDeploy takes about ${around}m in all: use at least ${shiftMinutes + around}m`,
    );
  return found;
};

/** From CreateDeployment to the first shift, with the start of a service's tasks, and from the last to its end: an estimate. */
export const overheadMinutes = { 'an alias': 1, 'a service': 5 } as const;

/**
 * The shortest bakes in which the judge can act. Metrics are read two minutes late and twice, the minutes of a shift are no evidence, and a
 * conviction after the last shift comes too late.
 */
const shortestJudgedMinutes = { canary: 5, linear: 3 } as const;

const readsOf = {
  'an alias': 'requests, errors and duration in AWS/Lambda',
  'a service': 'requests, status codes and response times in AWS/ApplicationELB',
} as const;

/** What of a judge has no meaning for an alias or a service. */
const judgeFaults = (
  rollout: Rollout,
  { metrics, clientErrors }: JudgePolicy,
  target: 'an alias' | 'a service',
): readonly AliasFault[] => {
  const { strategy } = rollout;
  if (strategy !== 'canary' && strategy !== 'linear')
    return strategy === 'all-at-once'
      ? [
          {
            key: 'judge',
            message: 'compares two versions side by side, and all-at-once has none: use canary or linear',
          },
        ]
      : [];
  const shortest = shortestJudgedMinutes[strategy];
  return [
    ...(metrics === undefined
      ? []
      : [
          {
            key: 'judge',
            message: `metrics are of SageMaker endpoints: of ${target} the judge reads ${readsOf[target]}; create an alarm on a metric of your own and name it in \`alarms\``,
          },
        ]),
    ...(clientErrors === 'judge' && target === 'an alias'
      ? [{ key: 'judge', message: 'client-errors: Lambda counts no 4xx answers, so they cannot be judged: remove it' }]
      : []),
    ...(rollout.bakeSeconds < shortest * 60
      ? [
          {
            key: 'bake',
            message: `must be at least ${shortest}m with a judge: it reads the metrics of a minute two minutes after its end, and the minute of a shift is no evidence`,
          },
        ]
      : []),
  ];
};

/** A rollout without faults in an alias's own terms. */
export const aliasRolloutOf = (rollout: Rollout): AliasRollout => {
  const { strategy, alarms, timeoutSeconds, judge } = rollout;
  const guards = { alarms: alarms.named, ...withoutUndefined({ timeoutSeconds }) };
  const judged = { ...guards, ...withoutUndefined({ judge }) };
  const minutes = 'bakeSeconds' in rollout ? rollout.bakeSeconds / 60 : 0;
  if (strategy === 'canary') return { strategy, percent: rollout.size.value, everyMinutes: minutes, ...judged };
  if (strategy === 'linear') return { strategy, percent: rollout.step.value, everyMinutes: minutes, ...judged };
  return { strategy: 'all-at-once', ...guards };
};
