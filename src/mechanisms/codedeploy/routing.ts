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

/**
 * The shares of the new version that a configuration of `routingOf` brings, by its name, and the time of each since the first shift.
 * @returns none for another configuration
 */
export const shiftsOf = (config: string): readonly { readonly share: number; readonly afterSeconds: number }[] => {
  if (/^CodeDeployDefault\.(?:Lambda|ECS)AllAtOnce$/.test(config)) return [{ share: 1, afterSeconds: 0 }];
  const [, strategy, first, every] =
    /\.(?:Lambda|ECS)(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?$/.exec(config) ?? [];
  if (strategy === undefined) return [];
  const [percent, seconds] = [Number(first), Number(every) * 60];
  const shifts = strategy === 'Canary' ? 1 : Math.ceil(100 / percent) - 1;
  return Array.from({ length: shifts + 1 }, (_, index) => ({
    share: index === shifts ? 1 : ((index + 1) * percent) / 100,
    afterSeconds: index * seconds,
  }));
};
