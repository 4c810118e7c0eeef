import { registryInAnotherAccount } from './accounts.ts';
import { adoptThenDeliver } from './adopt.ts';
import {
  approvedNotNewest,
  packageEdited,
  rejectedMidCanary,
  rejectedNeverDeploys,
  rejectedWhileItWaits,
  stepsRejected,
} from './approval.ts';
import { batchTransform, darkVariant, flakyEndpoint, nondeterministicModel } from './asking.ts';
import { callersMistakes } from './callers.ts';
import { codedeployAlarm, codedeployHook, codedeployJudge, codedeployLambdaCanary } from './codedeploy.ts';
import { codedeployEcsAlarm, codedeployEcsCanary, codedeployEcsJudge } from './codedeploy-ecs.ts';
import { artifactOverwritten, imageTagMoved } from './content.ts';
import { contractNamesTheColumn } from './contract.ts';
import {
  canaryGood,
  firstDeploymentScenario,
  linearGood,
  planWritesNothing,
  rerunIsANoOp,
  smokeStopsFirstRelease,
} from './delivery.ts';
import { approveThenDeploy } from './duties.ts';
import { alarmDeletedMidway, failureReasonStale, failureReasonVanishes, insufficientTraffic } from './evidence.ts';
import { fleetStopsTheLine, fleetWaves } from './fleet.ts';
import { asyncEndpoint, serverlessToInstance, serverlessUpdate } from './kinds.ts';
import { kindReplacedAsStated, kindsOfOthersRefused } from './kinds-of-others.ts';
import { loadFindsTheBreakingRate } from './load.ts';
import { notificationsOnce } from './notifications.ts';
import { packageOfAPipeline, packagesOfEveryShape } from './packages.ts';
import { credentialsExpire, someoneUpdatesByHand, tightNameLimits, timeout } from './patience.ts';
import {
  approvalParallelMode,
  doubleRollback,
  duplicateEvents,
  executionStopped,
  pipelineCanaryErrors,
  pipelineCanaryGood,
  pipelineGithubFlow,
  pipelineRollbackStage,
  tokenTooOld,
  twoWorkersRace,
  variablesTooLarge,
  workerDiesAfterAck,
  workerDiesBeforeToken,
} from './pipeline.ts';
import { policyApproves, policyInconclusiveHolds } from './policy.ts';
import { forestBeatsTree, millimetreSkew, seedNoise, sentimentDrift, slowModel, stumpFails } from './quality.ts';
import {
  alarmAlreadyRed,
  capacityRefused,
  configDeletedUnderUs,
  eventualConsistency,
  inf1,
  quotaExceeded,
  systemUpdating,
  throttled,
} from './refusals.ts';
import { approvedFlipsToRejected, duplicateEventOnce, staleEventIgnored } from './rejection.ts';
import { selfApprovalRefused, twoApproversRace } from './reviews.ts';
import {
  allAtOnceBakeAlarm,
  alreadyConvicted,
  canaryErrorsRolledBack,
  healthCheckFails,
  rollbackByHand,
  rollbackDuringCanary,
  silentRollbackSeen,
} from './rollback.ts';
import { rollingAlarm, rollingGood, rollingRollbackFails } from './rolling.ts';
import { autoscalerInterferes, instanceTypeChanged, scaledOutCapacityKept } from './scaling.ts';
import { scalingPolicyOfOthers } from './scaling-of-others.ts';
import type { Scenario } from './scenario.ts';
import { adoptedEndpointKeepsItsSettings, protectionLostRefused } from './settings.ts';
import {
  guardrailJudgeAborts,
  stepsBadThenCanaryNext,
  stepsCleanModelIsProven,
  stepsErrors,
  stepsGood,
  stepsLateLeak,
  stepsMetricsBlind,
  stepsNoTrafficHolds,
  stepsOldFleetIncident,
  stepsSharedOutageSurvives,
  stepsSlowTail,
} from './steps.ts';
import {
  stepsAlarmDeletedMidway,
  stepsAlarmRedBefore,
  stepsAlarmTakesBack,
  stepsNamedAlarmTakesBack,
} from './steps-alarms.ts';
import {
  stepsAbortByHand,
  stepsAutoscalerInterferes,
  stepsCancelled,
  stepsKilledAndResumed,
  stepsKilledForGood,
  stepsPausedThenPromoted,
} from './steps-hands.ts';
import { stepsOwnMetric, stepsPredictionsCollapse, stepsPredictionsDiffer } from './steps-own-metrics.ts';
import {
  stepsCallersErrorsChangeNothing,
  stepsClusteredErrors,
  stepsLastStepFails,
  stepsOldFleetIsIll,
} from './steps-truth.ts';
import { answerLostThenRerun, cancelledMidway, runnerKilledThenRerun, twoReleasesOneEndpoint } from './survival.ts';
import { noBakeTookPlace, sharedOutageDoesNotConvict } from './truth.ts';
import { sameSemverTwiceInParallel } from './versions.ts';
export const scenarios: readonly Scenario[] = [
  firstDeploymentScenario,
  canaryGood,
  canaryErrorsRolledBack,
  linearGood,
  allAtOnceBakeAlarm,
  healthCheckFails,
  silentRollbackSeen,
  runnerKilledThenRerun,
  notificationsOnce,
  answerLostThenRerun,
  cancelledMidway,
  rerunIsANoOp,
  alreadyConvicted,
  rollbackByHand,
  rollbackDuringCanary,
  planWritesNothing,
  twoReleasesOneEndpoint,
  rollingGood,
  rollingAlarm,
  rollingRollbackFails,
  capacityRefused,
  quotaExceeded,
  throttled,
  autoscalerInterferes,
  scaledOutCapacityKept,
  instanceTypeChanged,
  scalingPolicyOfOthers,
  systemUpdating,
  configDeletedUnderUs,
  eventualConsistency,
  failureReasonVanishes,
  failureReasonStale,
  imageTagMoved,
  artifactOverwritten,
  packageEdited,
  packageOfAPipeline,
  packagesOfEveryShape,
  approveThenDeploy,
  rejectedNeverDeploys,
  approvedNotNewest,
  rejectedWhileItWaits,
  sameSemverTwiceInParallel,
  rejectedMidCanary,
  approvedFlipsToRejected,
  staleEventIgnored,
  duplicateEventOnce,
  policyApproves,
  policyInconclusiveHolds,
  insufficientTraffic,
  alarmAlreadyRed,
  alarmDeletedMidway,
  inf1,
  serverlessUpdate,
  serverlessToInstance,
  asyncEndpoint,
  kindsOfOthersRefused,
  kindReplacedAsStated,
  credentialsExpire,
  timeout,
  tightNameLimits,
  someoneUpdatesByHand,
  pipelineCanaryGood,
  pipelineCanaryErrors,
  pipelineGithubFlow,
  pipelineRollbackStage,
  doubleRollback,
  workerDiesAfterAck,
  workerDiesBeforeToken,
  twoWorkersRace,
  duplicateEvents,
  variablesTooLarge,
  approvalParallelMode,
  executionStopped,
  tokenTooOld,
  stepsGood,
  stepsErrors,
  stepsSlowTail,
  stepsLateLeak,
  stepsSharedOutageSurvives,
  stepsNoTrafficHolds,
  stepsMetricsBlind,
  stepsCleanModelIsProven,
  stepsKilledAndResumed,
  stepsKilledForGood,
  stepsCancelled,
  stepsAutoscalerInterferes,
  stepsAbortByHand,
  stepsPausedThenPromoted,
  stepsRejected,
  guardrailJudgeAborts,
  stepsBadThenCanaryNext,
  callersMistakes,
  stepsAlarmTakesBack,
  stepsNamedAlarmTakesBack,
  stepsAlarmDeletedMidway,
  stepsAlarmRedBefore,
  stepsOldFleetIncident,
  stepsOldFleetIsIll,
  stepsCallersErrorsChangeNothing,
  stepsLastStepFails,
  stepsClusteredErrors,
  stepsOwnMetric,
  stepsPredictionsCollapse,
  stepsPredictionsDiffer,
  registryInAnotherAccount,
  noBakeTookPlace,
  sharedOutageDoesNotConvict,
  adoptedEndpointKeepsItsSettings,
  protectionLostRefused,
  adoptThenDeliver,
  forestBeatsTree,
  stumpFails,
  seedNoise,
  millimetreSkew,
  sentimentDrift,
  slowModel,
  flakyEndpoint,
  nondeterministicModel,
  batchTransform,
  darkVariant,
  loadFindsTheBreakingRate,
  contractNamesTheColumn,
  smokeStopsFirstRelease,
  selfApprovalRefused,
  twoApproversRace,
  codedeployLambdaCanary,
  codedeployEcsCanary,
  codedeployEcsAlarm,
  codedeployEcsJudge,
  codedeployAlarm,
  codedeployJudge,
  codedeployHook,
  fleetWaves,
  fleetStopsTheLine,
];
