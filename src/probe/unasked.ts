const ownAccount = 'needs more of the account than a probe may make: ';
const alias = `${ownAccount}a Lambda function of a container image with an alias that gets requests, and a role for CodeDeploy`;
const service = `${ownAccount}a service of ECS behind a load balancer in a private network`;
const events = 'only a target of a rule of EventBridge sees it, and that would be a function or a queue of the account';

const role = `${ownAccount}a second execution role, without the permission`;
const scaling =
  'needs Application Auto Scaling, which leaves a service-linked role in the account that a probe may not remove';

/** Settings that no question decides, each with the reason. */
export const unasked: Readonly<Record<string, string>> = {
  asyncConcurrencyPerInstance: 'shows only with a model that takes seconds for an answer, which the user need not have',
  queuedPerInstance: 'depends on the container of the user, and would have to overload it',
  eventDelayMs: events,
  eventCopies: events,
  eventJitterMs: events,
  executedVersionMetrics: alias,
  lambdaZeroErrors: alias,
  codeDeployStartMs: alias,
  codeDeployAlarmPollMs: alias,
  codeDeployRollbackMs: alias,
  stoppedAlias: alias,
  ecsTaskStartMs: service,
  ecsDrainMs: service,
  primaryTaskSet: service,
  unreadableAlarm: role,
  trackedTwice: scaling,
  trackingFromZero: scaling,
  retainedZero: scaling,
  guardedAtZero: scaling,
};
