import { notSimulated } from '../../not-simulated.ts';
import { type AlarmConfiguration, type AutoRollback, type DeploymentConfig, type Platform, refuse } from './model.ts';

export const platformIn = (platform: string | undefined): Platform => {
  if (platform === 'Lambda' || platform === 'ECS') return platform;
  throw notSimulated(`the compute platform ${platform ?? 'Server'}`);
};

/** API: CreateDeployment, "The computePlatform is invalid. The computePlatform should be Lambda, Server, or ECS". */
export const checkPlatform = ({ name, platform }: DeploymentConfig, wanted: Platform): void => {
  if (platform === wanted) return;
  throw refuse(
    'InvalidComputePlatformException',
    `The deployment configuration ${name} is of the compute platform ${platform}, and the application of ${wanted}`,
  );
};

/** Words of the API: InvalidAlarmConfigException. */
export const checkAlarms = (alarms: AlarmConfiguration | undefined): void => {
  const names = (alarms?.alarms ?? []).map(({ name }) => name ?? '');
  if (alarms?.enabled === true && names.length === 0)
    throw refuse('InvalidAlarmConfigException', 'The alarm configuration is enabled, but the alarm list is empty');
  if (new Set(names).size !== names.length)
    throw refuse('InvalidAlarmConfigException', 'Two alarms with the same name have been specified');
  if (names.some((name) => name === '' || name.length > 255))
    throw refuse(
      'InvalidAlarmConfigException',
      'The alarm name is empty or null or exceeds the limit of 255 characters',
    );
  if (names.length > 10)
    throw refuse(
      'AlarmsLimitExceededException',
      'The maximum number of alarms for a deployment group (10) was exceeded',
    );
};

/** API: InvalidAutoRollbackConfigException, "an automatic rollback is enabled, but an invalid triggering event type or no event types were listed". */
export const checkRollback = (rollback: AutoRollback | undefined): void => {
  if (rollback?.enabled === true && (rollback.events ?? []).length === 0)
    throw refuse('InvalidAutoRollbackConfigException', 'Automatic rollback is enabled, but no event types were listed');
};

/** A member that changes something and is not served is refused by its name: an accepted call has its effect. The words are ours. */
export const refuseUnserved = (input: object, served: readonly string[]): void => {
  const other = Object.keys(input).find((member) => !served.includes(member));
  if (other !== undefined) throw notSimulated(`codedeploy, member ${other}`);
};

export const page = <Item>(items: readonly Item[], token: string | undefined, most = 100) => {
  const from = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(from))
    throw refuse('InvalidNextTokenException', 'The next token was specified in an invalid format');
  const next = from + most;
  return { items: items.slice(from, next), next: next < items.length ? { nextToken: String(next) } : {} };
};
