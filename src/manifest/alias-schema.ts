import * as z from 'zod/mini';
import type { AliasRollout, LambdaAlias, Rollout } from './manifest.ts';
import * as v from './values.ts';

const about = z.describe;

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
    })
    .check(about('The alias of a Lambda function that the model is delivered to, with `target: lambda-alias`.')),
  z.transform(({ 'deployment-group': deploymentGroup, ...raw }): LambdaAlias => ({ ...raw, deploymentGroup })),
);

/** A problem of a rollout to an alias, at a key of `rollout`. */
export interface AliasFault {
  readonly key: string;
  readonly message: string;
}

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
  if (rollout.judge !== undefined)
    refuse('judge', `reads metrics of a SageMaker endpoint: ${target} is watched by alarms alone`);
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
  if ((shifts * bakeSeconds) / 60 > longestShiftMinutes)
    refuse(
      'bake',
      `makes the shift last ${(shifts * bakeSeconds) / 60} minutes; CodeDeploy allows ${longestShiftMinutes}`,
    );
  return found;
};

/** A rollout without faults in an alias's own terms. */
export const aliasRolloutOf = (rollout: Rollout): AliasRollout => {
  const { strategy, alarms, timeoutSeconds } = rollout;
  const guards = { alarms: alarms.named, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
  const minutes = 'bakeSeconds' in rollout ? rollout.bakeSeconds / 60 : 0;
  if (strategy === 'canary') return { strategy, percent: rollout.size.value, everyMinutes: minutes, ...guards };
  if (strategy === 'linear') return { strategy, percent: rollout.step.value, everyMinutes: minutes, ...guards };
  return { strategy: 'all-at-once', ...guards };
};
