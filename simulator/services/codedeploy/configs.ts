import type { Handler, Kernel } from '../../contracts.ts';
import { page, platformIn, refuseUnserved } from './checks.ts';
import { type DeploymentConfig, noConfig, platformOf, predefined, type Routing, refuse } from './model.ts';
import { configView } from './views.ts';

/** User guide, "CodeDeploy quotas". */
const customConfigs = 50;
const longestShiftMinutes = 2_880;

export interface Configs {
  readonly operations: Readonly<Record<string, Handler>>;
  find(name: string): DeploymentConfig;
}

/**
 * The deployment configurations: the predefined ones, and those of the account.
 * @param isUsed whether a deployment group or a deployment under way has one of this name
 */
export const createConfigs = (kernel: Kernel, nextId: () => string, isUsed: (name: string) => boolean): Configs => {
  const now = (): number => kernel.clock.now();
  const configs = new Map<string, DeploymentConfig>(
    predefined.map(([name, routing]) => {
      const full = `CodeDeployDefault.${name}`;
      return [full, { platform: platformOf(name), id: nextId(), name: full, createdAt: now(), routing }];
    }),
  );
  const configOf = (name: string): DeploymentConfig => {
    const found = configs.get(name);
    if (found === undefined) throw noConfig(name);
    return found;
  };

  return {
    find: configOf,
    operations: {
      CreateDeploymentConfig: (input: CreateConfig) => {
        refuseUnserved(input, ['deploymentConfigName', 'computePlatform', 'trafficRoutingConfig']);
        const { deploymentConfigName: name, trafficRoutingConfig: routing = { type: 'AllAtOnce' } } = input;
        const platform = platformIn(input.computePlatform);
        if (name.startsWith('CodeDeployDefault.'))
          throw refuse(
            'InvalidDeploymentConfigNameException',
            'Deployment configuration names may not begin with CodeDeployDefault.',
          );
        if (configs.has(name))
          throw refuse('DeploymentConfigAlreadyExistsException', `Deployment Config name ${name} already exists`);
        if (configs.size - predefined.length >= customConfigs)
          throw refuse(
            'DeploymentConfigLimitExceededException',
            `The account already has ${customConfigs} custom deployment configurations`,
          );
        checkRouting(routing);
        const config = { platform, id: nextId(), name, createdAt: now(), routing };
        configs.set(name, config);
        return { deploymentConfigId: config.id };
      },
      GetDeploymentConfig: ({ deploymentConfigName }: { readonly deploymentConfigName: string }) => ({
        deploymentConfigInfo: configView(configOf(deploymentConfigName)),
      }),
      DeleteDeploymentConfig: ({ deploymentConfigName: name }: { readonly deploymentConfigName: string }) => {
        if (name.startsWith('CodeDeployDefault.'))
          throw refuse(
            'InvalidOperationException',
            `The deployment configuration ${name} is predefined and cannot be deleted`,
          );
        if (isUsed(name))
          throw refuse('DeploymentConfigInUseException', `The deployment configuration ${name} is in use`);
        configs.delete(name);
        return {};
      },
      ListDeploymentConfigs: ({ nextToken }: { readonly nextToken?: string }) => {
        const { items, next } = page([...configs.keys()], nextToken);
        return { deploymentConfigsList: items, ...next };
      },
    },
  };
};

/** User guide, "CodeDeploy quotas", and "Create a deployment configuration": whole percents and minutes. */
const checkRouting = ({ type, timeBasedCanary, timeBasedLinear }: Routing): void => {
  const bad = (message: string) => refuse('InvalidTrafficRoutingConfigurationException', message);
  if (type === 'AllAtOnce') return;
  const { share, minutes } =
    type === 'TimeBasedCanary'
      ? { share: timeBasedCanary?.canaryPercentage, minutes: timeBasedCanary?.canaryInterval }
      : { share: timeBasedLinear?.linearPercentage, minutes: timeBasedLinear?.linearInterval };
  if (share === undefined || minutes === undefined)
    throw bad(`The traffic routing configuration lacks the percentage or the interval of ${type}`);
  if (share < 1 || share > 99) throw bad(`The percentage ${share} is not between 1 and 99`);
  if (minutes < 1) throw bad(`The interval ${minutes} is not at least 1`);
  const waits = type === 'TimeBasedCanary' ? 1 : Math.ceil(100 / share) - 1;
  if (waits * minutes > longestShiftMinutes)
    throw bad(`The traffic shift takes longer than ${longestShiftMinutes} minutes`);
};

interface CreateConfig {
  readonly deploymentConfigName: string;
  readonly computePlatform?: string;
  readonly trafficRoutingConfig?: Routing;
}
