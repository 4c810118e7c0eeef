import { canaryGood, firstDeploymentScenario, linearGood, planWritesNothing, rerunIsANoOp } from './delivery.ts';
import {
  allAtOnceBakeAlarm,
  alreadyConvicted,
  canaryErrorsRolledBack,
  healthCheckFails,
  rollbackByHand,
  rollbackDuringCanary,
  silentRollbackSeen,
} from './rollback.ts';
import type { Scenario } from './scenario.ts';
import { answerLostThenRerun, cancelledMidway, runnerKilledThenRerun, twoReleasesOneEndpoint } from './survival.ts';

export const scenarios: readonly Scenario[] = [
  firstDeploymentScenario,
  canaryGood,
  canaryErrorsRolledBack,
  linearGood,
  allAtOnceBakeAlarm,
  healthCheckFails,
  silentRollbackSeen,
  runnerKilledThenRerun,
  answerLostThenRerun,
  cancelledMidway,
  rerunIsANoOp,
  alreadyConvicted,
  rollbackByHand,
  rollbackDuringCanary,
  planWritesNothing,
  twoReleasesOneEndpoint,
];
