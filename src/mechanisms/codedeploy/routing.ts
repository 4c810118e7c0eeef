import type { TrafficRouting } from '../../aws/codedeploy.ts';
import type { AliasRollout } from '../../manifest/manifest.ts';
import type { Platform } from './target.ts';

/** The deployment configuration of a rollout. */
export interface Routing {
  readonly config: string;
  /** Of a configuration of the suite's own; CodeDeploy has the others. */
  readonly routing?: TrafficRouting;
  /** From the first shift to the last. */
  readonly shiftSeconds: number;
}

/** CodeDeploy user guide, "Predefined deployment configurations" of both compute platforms: all shift 10 percent. */
const predefined = {
  Lambda: { canary: [5, 10, 15, 30], linear: [1, 2, 3, 10] },
  ECS: { canary: [5, 15], linear: [1, 3] },
} as const;

/**
 * A predefined configuration where one has these numbers. Another one is named by its numbers, so that a repetition finds it again; an
 * account has room for 50 of them (CodeDeploy quotas).
 */
export const routingOf = (rollout: AliasRollout, platform: Platform): Routing => {
  if (rollout.strategy === 'all-at-once') return { config: `CodeDeployDefault.${platform}AllAtOnce`, shiftSeconds: 0 };
  const { strategy, percent, everyMinutes } = rollout;
  const shifts = strategy === 'canary' ? 1 : Math.ceil(100 / percent) - 1;
  const shiftSeconds = shifts * everyMinutes * 60;
  // The page has `Every1Minute` for Lambda and `Every1Minutes` for ECS.
  const minutes = `${everyMinutes}Minute${platform === 'Lambda' && strategy === 'linear' && everyMinutes === 1 ? '' : 's'}`;
  const name =
    strategy === 'canary'
      ? `${platform}Canary${percent}Percent${minutes}`
      : `${platform}Linear${percent}PercentEvery${minutes}`;
  const known: readonly number[] = predefined[platform][strategy];
  if (percent === 10 && known.includes(everyMinutes)) return { config: `CodeDeployDefault.${name}`, shiftSeconds };
  return {
    config: `model-delivery.${name}`,
    routing:
      strategy === 'canary'
        ? { type: 'TimeBasedCanary', timeBasedCanary: { canaryPercentage: percent, canaryInterval: everyMinutes } }
        : { type: 'TimeBasedLinear', timeBasedLinear: { linearPercentage: percent, linearInterval: everyMinutes } },
    shiftSeconds,
  };
};
