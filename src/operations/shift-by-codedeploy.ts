import type { ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { ReleaseOperation } from '../delivery/run-release.ts';
import type { Task } from '../delivery/task.ts';
import type { CodeDeployEnvironment, Manifest } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { InputError } from '../schema.ts';
import type { World } from '../world.ts';
import { placeOf } from './codedeploy-place.ts';
import { deployByCodeDeploy } from './deploy-by-codedeploy.ts';

interface Given {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly version: string;
  readonly operation: string;
  readonly retry: boolean;
}

/**
 * `shift-traffic` where a service of ECS serves: the second half of a delivery whose deployment group lets the traffic wait. It goes on with the same
 * release, reroutes its deployment, and follows it to the verified end.
 * @throws {InputError} for a command or an input of steps
 */
export const shiftByCodeDeploy = async (
  given: Given,
  world: World,
  environment: CodeDeployEnvironment,
): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const { name, what } = placeOf(environment);
  if (given.operation !== 'run')
    throw new InputError(
      `operation: ${given.operation} is a command to steps, and CodeDeploy moves the traffic of ${what} by its own timer; expected run, and to stop it run rollback`,
    );
  if (given.retry)
    throw new InputError(`retry: a version is tried again by deploy-endpoint, whose deployment gets the traffic here`);
  const delivery = await deployByCodeDeploy({ ...given, once: false, follow: true }, world, environment);
  return {
    ...delivery,
    plan: async (record) => {
      const opening = await delivery.plan(record);
      const isUnderWay = opening.is === 'resume' && opening.release.phase !== 'preparing';
      if (isUnderWay || opening.is === 'done' || (opening.is === 'stop-first' && record.live !== undefined))
        return opening;
      throw new Refusal(
        'no-candidate',
        `no deployment of ${given.version} to ${name} waits for its traffic; run deploy-endpoint first`,
      );
    },
    tasks: (release) => {
      const { supervising = [], ...tasks } = delivery.tasks(release);
      return { ...tasks, supervising: [announce, ...supervising] };
    },
  };
};

/** The record has it before the call: a run that dies now leaves a release that any later run reroutes. */
const announce: Task = async (turn) => {
  const { world, release } = turn;
  if (release.operation !== 'deploy-endpoint' || release.commands.some(({ command }) => command === 'promote-now'))
    return undefined;
  const by = world.run.actor ?? world.run.holder;
  const given = { command: 'promote-now', by, why: 'shift-traffic', at: world.clock.now() } as const;
  await turn.save({ commands: [...release.commands, given] });
  return { because: `the traffic of ${release.version} need not wait any longer`, percent: 45 };
};
