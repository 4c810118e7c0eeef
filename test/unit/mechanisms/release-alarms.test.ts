import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { createReleaseAlarms, deleteReleaseAlarms, statesOf, wentRed } from '../../../src/mechanisms/release-alarms.ts';
import type { AlarmSpec } from '../../../src/metrics/alarms.ts';
import type { Release } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { guarded, release } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';
import { turnsOf } from '../../support/turns.ts';

type Members = Readonly<Record<string, unknown>>;

/** A turn over these alarms, with the writes it made. */
const over = (metric: readonly Members[], given: Partial<Release> = {}, more: Members = {}) => {
  const sent: string[] = [];
  const requested: Members[] = [];
  const cloudwatch = {
    describeAlarms: async ({ AlarmNames, AlarmTypes }: { AlarmNames: readonly string[]; AlarmTypes?: unknown }) => ({
      MetricAlarms: metric.filter(({ AlarmName }) => AlarmNames.includes(String(AlarmName))),
      ...(AlarmTypes ? { CompositeAlarms: more['composite'] ?? [] } : {}),
    }),
    describeAlarmHistory: async (input: Members) => {
      requested.push(input);
      return {
        AlarmHistoryItems: (more['history'] as readonly string[] | undefined)?.map((HistoryData) => ({ HistoryData })),
      };
    },
  };
  const world = {
    clock: { now: () => nine },
    read: { cloudwatch },
    write: {
      cloudwatch: {
        deleteAlarms: async ({ AlarmNames }: { AlarmNames: readonly string[] }) =>
          void sent.push(`delete ${AlarmNames}`),
        putMetricAlarm: async ({ AlarmName }: AlarmSpec) => void sent.push(`put ${AlarmName}`),
      },
    },
  } as unknown as World;
  const { turn, release: now } = turnsOf(release(given), { world });
  return { turn: turn(), world, sent, requested, release: now };
};

const on = (AlarmName: string, endpoint: string, Name = 'EndpointName'): Members => ({
  AlarmName,
  Dimensions: [{ Name, Value: endpoint }],
});

describe('the end of a release’s alarms', () => {
  test('removes those that exist and watch this endpoint, by dimension or expression', async () => {
    const {
      turn,
      sent,
      release: live,
    } = over(
      [
        on('own', 'Churn'),
        {
          AlarmName: 'rate',
          Metrics: [{}, { MetricStat: { Metric: { Dimensions: [{ Name: 'EndpointName', Value: 'churn' }] } } }],
        },
        on('theirs', 'churn-eu'),
        on('variant', 'churn', 'VariantName'),
        { AlarmName: 'bare' },
      ],
      { alarms: ['own', 'rate', 'theirs', 'variant', 'bare', 'gone'] },
    );
    expect(await deleteReleaseAlarms(turn)).toEqual({ because: 'removed 6 alarms of this release', percent: 95 });
    expect(sent).toEqual(['delete own,rate']);
    expect(live().alarms).toEqual([]);
  });

  test('requests nothing for alarms that do not exist: DeleteAlarms refuses them', async () => {
    const { turn, sent, release: live } = over([], { alarms: ['gone'] });
    expect(await deleteReleaseAlarms(turn)).toMatchObject({ because: 'removed 1 alarm of this release' });
    expect(sent).toEqual([]);
    expect(live().alarms).toEqual([]);
  });

  test('is no step of a release without alarms', async () => {
    expect(await deleteReleaseAlarms(over([]).turn)).toBeUndefined();
  });
});

describe('the alarms of a release', () => {
  const specs = ['own', 'abort'].map((AlarmName) => ({ AlarmName }) as AlarmSpec);

  test('are noted, then created, those that are missing', async () => {
    const { turn, sent, release: live } = over([{ AlarmName: 'own' }]);
    expect(await createReleaseAlarms(turn, specs)).toEqual({ because: 'created 1 alarm for this release', percent: 8 });
    expect(sent).toEqual(['put abort']);
    expect(live().alarms).toEqual(['own', 'abort']);
  });

  test('are no step when they exist, or when there are none', async () => {
    expect(await createReleaseAlarms(over([{ AlarmName: 'own' }, { AlarmName: 'abort' }]).turn, specs)).toBeUndefined();
    expect(await createReleaseAlarms(over([]).turn, [])).toBeUndefined();
  });

  const watched = {
    submission: { ...guarded, deployment: { AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'own' }] } } },
  };
  const became = (stateValue: string): string => JSON.stringify({ newState: { stateValue } });

  test('went off when they are red now, whatever their history', async () => {
    expect(await wentRed(over([{ AlarmName: 'own', StateValue: 'ALARM' }], watched).turn, nine)).toEqual(['own']);
  });

  test.each<[string, readonly string[] | undefined, readonly string[]]>([
    ['they were red', [became('OK'), became('ALARM')], ['own']],
    ['they never were', [became('OK')], []],
    ['the history is unreadable', ['ALARM', '{}'], []],
    ['there is none', undefined, []],
  ])('went off, by their history, when %s', async (_when, history, expected) => {
    const { turn, requested } = over([{ AlarmName: 'own', StateValue: 'OK' }], watched, history ? { history } : {});
    expect(await wentRed(turn, nine - minutes(5))).toEqual(expected);
    // Without the types a composite alarm has no history. The last minute of another clock counts too.
    expect(requested).toEqual([
      {
        AlarmName: 'own',
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        HistoryItemType: 'StateUpdate',
        StartDate: new Date(nine - minutes(5)),
        EndDate: new Date(nine + minutes(1)),
        MaxRecords: 100,
      },
    ]);
  });

  test('are in one of four states, composite ones too', async () => {
    const at = (minute: number) => new Date(nine + minutes(minute));
    const { world } = over(
      [
        { AlarmName: 'red', StateValue: 'ALARM', StateTransitionedTimestamp: at(1) },
        { AlarmName: 'blind', StateValue: 'INSUFFICIENT_DATA', StateTransitionedTimestamp: at(1) },
        { AlarmName: 'calm', StateValue: 'OK', StateTransitionedTimestamp: at(0), StateUpdatedTimestamp: at(5) },
        { AlarmName: 'back', StateValue: 'OK', StateTransitionedTimestamp: at(1) },
        { AlarmName: 'updated', StateValue: 'OK', StateUpdatedTimestamp: at(1) },
        { AlarmName: 'timeless', StateValue: 'OK' },
      ],
      {},
      { composite: [{ AlarmName: 'many', StateValue: 'ALARM' }] },
    );
    const names = ['red', 'blind', 'calm', 'back', 'updated', 'timeless', 'many', 'gone'];
    expect(await statesOf(world, names, nine)).toEqual({
      red: ['red', 'many'],
      gone: ['gone'],
      undecided: ['blind'],
      changed: ['back', 'updated', 'timeless'],
    });
    expect(await statesOf(world, [])).toEqual({ red: [], gone: [], undecided: [], changed: [] });
  });
});
