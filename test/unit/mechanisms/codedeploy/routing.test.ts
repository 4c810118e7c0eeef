import { expect, test } from '@jest/globals';
import { predefined } from '../../../../simulator/services/codedeploy/model.ts';
import type { AliasRollout } from '../../../../src/manifest/manifest.ts';
import { routingOf, shiftsOf } from '../../../../src/mechanisms/codedeploy/routing.ts';

const of = (strategy: 'canary' | 'linear', percent: number, everyMinutes: number): AliasRollout => ({
  ...{ strategy, percent, everyMinutes },
  alarms: [],
});

test('every predefined configuration is used for its own numbers', () => {
  const used = [
    ...[5, 10, 15, 30].map((minutes) => of('canary', 10, minutes)),
    ...[1, 2, 3, 10].map((minutes) => of('linear', 10, minutes)),
    { strategy: 'all-at-once', alarms: [] } as const,
  ].map((rollout) => routingOf(rollout, 'Lambda'));
  const service = [
    ...[5, 15].map((minutes) => of('canary', 10, minutes)),
    ...[1, 3].map((minutes) => of('linear', 10, minutes)),
    { strategy: 'all-at-once', alarms: [] } as const,
  ].map((rollout) => routingOf(rollout, 'ECS'));
  expect([...used, ...service].map(({ config }) => config)).toEqual(
    predefined.map(([name]) => `CodeDeployDefault.${name}`),
  );
  expect([...used, ...service].filter(({ routing }) => routing !== undefined)).toEqual([]);
});

test('other numbers get a configuration that is named by them', () => {
  expect(routingOf(of('canary', 20, 5), 'Lambda')).toEqual({
    config: 'model-delivery.LambdaCanary20Percent5Minutes',
    routing: { type: 'TimeBasedCanary', timeBasedCanary: { canaryPercentage: 20, canaryInterval: 5 } },
    shiftSeconds: 300,
  });
  // 30, 60, 90, 100 %: three waits.
  expect(routingOf(of('linear', 30, 1), 'Lambda')).toMatchObject({
    config: 'model-delivery.LambdaLinear30PercentEvery1Minute',
    shiftSeconds: 180,
  });
  // Of Lambda only.
  expect(routingOf(of('canary', 10, 30), 'ECS')).toMatchObject({
    config: 'model-delivery.ECSCanary10Percent30Minutes',
    routing: { type: 'TimeBasedCanary' },
  });
});

test('the shifts of a configuration are read from its name', () => {
  const shifts = (strategy: 'canary' | 'linear', percent: number, everyMinutes: number) =>
    shiftsOf(routingOf(of(strategy, percent, everyMinutes), 'Lambda').config).map(({ share, afterSeconds }) => [
      share,
      afterSeconds,
    ]);
  expect(shifts('canary', 10, 5)).toEqual([
    [0.1, 0],
    [1, 300],
  ]);
  expect(shifts('linear', 30, 1)).toEqual([
    [0.3, 0],
    [0.6, 60],
    [0.9, 120],
    [1, 180],
  ]);
  expect(shifts('linear', 10, 3).at(-1)).toEqual([1, 1620]);
  expect(shiftsOf(routingOf({ strategy: 'all-at-once', alarms: [] }, 'Lambda').config)).toEqual([
    { share: 1, afterSeconds: 0 },
  ]);
  expect(shiftsOf('CodeDeployDefault.ECSAllAtOnce')).toEqual([{ share: 1, afterSeconds: 0 }]);
  expect(shiftsOf(routingOf(of('linear', 50, 1), 'ECS').config)).toEqual([
    { share: 0.5, afterSeconds: 0 },
    { share: 1, afterSeconds: 60 },
  ]);
  expect(shiftsOf('CodeDeployDefault.ECSLinear10PercentEvery1Minutes')).toHaveLength(10);
  expect(shiftsOf('churn-own')).toEqual([]);
});
