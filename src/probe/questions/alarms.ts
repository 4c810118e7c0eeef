import { minutes, seconds } from '../../clock.ts';
import { alarmMark } from '../mark.ts';
import { Undecided } from '../observation.ts';
import { question } from '../question.ts';
import {
  baked,
  baking,
  inService,
  launchLimit,
  look,
  lookMs,
  makeAlarm,
  makeConfig,
  makeModel,
  mustUpdate,
  serve,
  served,
  setAlarm,
  settled,
  stages,
  update,
  variantOf,
} from '../stage.ts';
import type { ProbeWorld } from '../world.ts';

const updating = [...served, ...stages.update];
const put = 'cloudwatch:PutMetricAlarm';

/** An alarm that keeps the state it is given, in that state. */
const alarmIn = async (world: ProbeWorld, part: string, state: 'OK' | 'ALARM'): Promise<string> => {
  const name = await makeAlarm(world, part);
  await setAlarm(world, name, state);
  await world.until('the state of the alarm', seconds(2), minutes(5), async () =>
    (await stateOf(world, name)) === state ? true : undefined,
  );
  return name;
};

const stateOf = async (world: ProbeWorld, name: string): Promise<string | undefined> => {
  const { MetricAlarms } = await world.call<{
    readonly MetricAlarms?: readonly { readonly StateValue?: string }[];
  }>('cloudwatch', 'DescribeAlarms', { AlarmNames: [name] });
  return MetricAlarms?.[0]?.StateValue;
};

/** Whether the new configuration serves at the end. */
const rolledBack = async (world: ProbeWorld, endpoint: string, config: string): Promise<boolean> =>
  (await inService(world, endpoint)).EndpointConfigName !== config;

export const alarms = [
  question({
    id: 'alarm-settle',
    asks: 'How long after PutMetricAlarm is an alarm evaluated?',
    decides: ['alarmSettleMs'],
    source: 'sagemaker.md §3.3',
    actions: [put],
    instances: 0,
    minutes: 30,
    async ask(world) {
      // Alarms over more than a day are evaluated hourly besides (CloudWatch user guide): the hour must not come in between.
      const intoHour = world.clock.now() % minutes(60);
      if (intoHour > minutes(48)) await world.sleep(minutes(62) - intoHour);
      else if (intoHour < minutes(2)) await world.sleep(minutes(2) - intoHour);
      const name = await makeAlarm(world, 'settle', {
        Period: 86_400,
        EvaluationPeriods: 2,
        TreatMissingData: 'notBreaching',
      });
      const { after } = await world.until('the first evaluation', seconds(1), minutes(10), async () =>
        (await stateOf(world, name)) === 'OK' ? true : undefined,
      );
      return { after };
    },
    read: ({ after }) => ({ alarmSettleMs: after }),
  }),

  question({
    id: 'missing-alarm',
    asks: 'Does UpdateEndpoint refuse a rollback alarm that does not exist?',
    decides: ['missingAlarmAtUpdate'],
    source: 'sagemaker.md §13.2',
    actions: updating,
    instances: 2,
    minutes: 60,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'missing');
      const outcome = await update(world, endpoint, other, baked(60, [world.name('missing-alarm')]));
      if ('refused' in outcome) return { refused: outcome.refused.message };
      await settled(world, endpoint);
      return { refused: null };
    },
    read: ({ refused }) => ({ missingAlarmAtUpdate: refused === null ? 'ignored' : 'refused' }),
  }),

  question({
    id: 'unknown-alarm',
    asks: 'Does DeleteAlarms refuse names of which none exists?',
    decides: ['unknownAlarmsDeleted'],
    source: 'sagemaker.md §5.1',
    actions: ['cloudwatch:DeleteAlarms'],
    instances: 0,
    minutes: 5,
    async ask(world) {
      const deleted = await world.attempt('cloudwatch', 'DeleteAlarms', { AlarmNames: [world.name('unknown')] });
      return { refused: 'refused' in deleted ? deleted.refused.code : null };
    },
    read: ({ refused }) => ({ unknownAlarmsDeleted: refused === null ? 'ignored' : 'refused' }),
  }),

  question({
    id: 'composite-alarm',
    asks: 'Does UpdateEndpoint refuse a rollback alarm that is a composite one?',
    decides: ['compositeAlarmAtUpdate'],
    source: 'sagemaker.md §13.2',
    actions: [...updating, ...stages.alarm, 'cloudwatch:PutCompositeAlarm'],
    instances: 2,
    minutes: 60,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'composite');
      const part = await alarmIn(world, 'composite-part', 'OK');
      const AlarmName = world.name('composite-alarm');
      await world.call('cloudwatch', 'PutCompositeAlarm', {
        AlarmName,
        AlarmDescription: alarmMark(world.run),
        AlarmRule: `ALARM("${part}")`,
      });
      const outcome = await update(world, endpoint, other, baked(60, [AlarmName]));
      if ('refused' in outcome) return { refused: outcome.refused.message };
      await settled(world, endpoint);
      return { refused: null };
    },
    read: ({ refused }) => ({ compositeAlarmAtUpdate: refused === null ? 'watched' : 'refused' }),
  }),

  question({
    id: 'red-alarm',
    asks: 'Does UpdateEndpoint refuse a rollback alarm that is in ALARM, or does it trip the bake?',
    decides: ['redAlarmAtUpdate'],
    source: 'sagemaker.md §13.2',
    actions: [...updating, ...stages.alarm],
    instances: 2,
    minutes: 75,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'red');
      const red = await alarmIn(world, 'red', 'ALARM');
      const outcome = await update(world, endpoint, other, baked(120, [red]));
      if ('refused' in outcome) return { refused: outcome.refused.message, tripped: null };
      const { found } = await settled(world, endpoint);
      return { refused: null, tripped: found.EndpointConfigName !== other, reason: found.FailureReason ?? null };
    },
    read: ({ refused, tripped }) => ({
      redAlarmAtUpdate: refused !== null ? 'refused' : tripped ? 'trips' : undefined,
    }),
  }),

  question({
    id: 'no-data-alarm',
    asks: 'Does an alarm in INSUFFICIENT_DATA trip a bake?',
    decides: ['insufficientDataTrips'],
    source: 'sagemaker.md §3.3, §13.2',
    actions: [...updating, put],
    instances: 2,
    minutes: 75,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'nodata');
      const alarm = await makeAlarm(world, 'nodata', { TreatMissingData: 'missing' });
      await mustUpdate(world, endpoint, other, baked(180, [alarm]));
      const tripped = await rolledBack(world, endpoint, other);
      const state = await stateOf(world, alarm);
      if (state !== 'INSUFFICIENT_DATA') throw new Undecided(`the alarm is ${state}`);
      return { tripped };
    },
    read: ({ tripped }) => ({ insufficientDataTrips: tripped }),
  }),

  question({
    id: 'deleted-alarm',
    asks: 'Does an alarm that is deleted during a bake trip it?',
    decides: ['deletedAlarmTrips'],
    source: 'sagemaker.md §3.3',
    actions: [...updating, ...stages.alarm, 'cloudwatch:DeleteAlarms'],
    instances: 2,
    minutes: 75,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'deleted');
      const alarm = await alarmIn(world, 'deleted', 'OK');
      await mustUpdate(world, endpoint, other, baked(300, [alarm]));
      await baking(world, endpoint);
      await world.call('cloudwatch', 'DeleteAlarms', { AlarmNames: [alarm] });
      return { tripped: await rolledBack(world, endpoint, other) };
    },
    read: ({ tripped }) => ({ deletedAlarmTrips: tripped }),
  }),

  question({
    id: 'alarm-poll',
    asks: 'How often does a bake look at its alarms?',
    decides: ['alarmPollMs'],
    source: 'sagemaker.md §3.3, §13.1',
    actions: [...updating, ...stages.alarm],
    instances: 2,
    minutes: 150,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'poll');
      const alarm = await alarmIn(world, 'poll', 'OK');
      const trips: { readonly alarmAt: number; readonly from: number; readonly to: number }[] = [];
      let words: string | null = null;
      for (const delay of [7, 31]) {
        await mustUpdate(world, endpoint, other, baked(900, [alarm]));
        const bake = await baking(world, endpoint, seconds(1));
        await world.sleep(Math.max(0, bake.found * 1000 + seconds(delay) - world.clock.now()));
        await setAlarm(world, alarm, 'ALARM');
        const alarmAt = world.clock.now() - bake.found * 1000;
        const seen = await world.until('the rollback', seconds(1), minutes(16), async () => {
          const state = await look(world, endpoint);
          const bakes = state.PendingDeploymentSummary?.ProductionVariants?.some(({ VariantStatus = [] }) =>
            VariantStatus.some(({ Status }) => Status === 'Baking'),
          );
          return bakes ? undefined : true;
        });
        const to = seen.at - bake.found * 1000;
        trips.push({ alarmAt, from: to - (seen.after.to - seen.after.from), to });
        words = (await inService(world, endpoint)).FailureReason ?? null;
        await setAlarm(world, alarm, 'OK');
      }
      return { trips, words };
    },
    read: ({ trips }) => ({ alarmPollMs: intervalOf(trips) }),
  }),

  question({
    id: 'rollback-failed',
    asks: 'Which configuration does DescribeEndpoint name after a rollback that failed?',
    decides: ['rollbackFailedNames'],
    source: 'sagemaker.md §2.7',
    actions: [...updating, ...stages.alarm, 'sagemaker:DeleteModel'],
    instances: 5,
    minutes: 120,
    async ask(world) {
      const { endpoint, model, serving } = await serve(world, 'failed', 4);
      const next = await makeModel(world, 'failed-next');
      const other = await makeConfig(world, 'failed-c', [variantOf(world.given, next, { InitialInstanceCount: 4 })]);
      const alarm = await alarmIn(world, 'failed', 'OK');
      await mustUpdate(world, endpoint, other, {
        RollingUpdatePolicy: {
          MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 },
          WaitIntervalInSeconds: 600,
          MaximumExecutionTimeoutInSeconds: 14_400,
        },
        AutoRollbackConfiguration: { Alarms: [{ AlarmName: alarm }] },
      });
      // The rollback can launch an instance of the old fleet only when that has lost one, which is in the second bake.
      const first = await baking(world, endpoint);
      await world.until('the second bake', lookMs, launchLimit, async () => {
        const start = (await look(world, endpoint)).PendingDeploymentSummary?.ProductionVariants?.flatMap(
          ({ VariantStatus = [] }) => VariantStatus,
        ).find(({ Status }) => Status === 'Baking')?.StartTime;
        return start !== undefined && start > first.found ? true : undefined;
      });
      // A fleet whose model is gone cannot launch.
      await world.call('sagemaker', 'DeleteModel', { ModelName: model });
      await setAlarm(world, alarm, 'ALARM');
      const { found } = await settled(world, endpoint);
      if (found.EndpointStatus !== 'UpdateRollbackFailed')
        throw new Undecided(`the rollback ended ${found.EndpointStatus}`);
      const names = found.EndpointConfigName;
      return { names: names === serving ? 'old' : names === other ? 'new' : null, reason: found.FailureReason ?? null };
    },
    read: ({ names }) => ({ rollbackFailedNames: names ?? undefined }),
  }),
];

/**
 * The lengths of an interval whose looks, counted from the beginning of the bake, all came when the rollbacks did; undefined when there is
 * none: then the looks are not regular. Milliseconds.
 */
export const intervalOf = (
  trips: readonly { readonly alarmAt: number; readonly from: number; readonly to: number }[],
): { readonly from: number; readonly to: number } | undefined => {
  const slack = 1500;
  const fits = (interval: number): boolean =>
    trips.every(({ alarmAt, from, to }) => {
      const look = Math.ceil(alarmAt / interval) * interval;
      return look >= from - slack && look <= to + slack;
    });
  const all = Array.from({ length: 1200 }, (_, index) => (index + 1) * 500).filter(fits);
  const [shortest] = all;
  const longest = all.at(-1);
  return shortest === undefined || longest === undefined ? undefined : { from: shortest, to: longest };
};
