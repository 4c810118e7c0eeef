import type { Outcome } from './outcome.ts';

interface Reason {
  readonly outcome: Outcome;
  /** One sentence. */
  readonly meaning: string;
  /** One sentence. */
  readonly remedy: string;
  /** The request itself was wrong and nothing was written: exit code 2, `ConfigurationError` in CodePipeline. */
  readonly badInput?: true;
}

/** The closed list. Every outcome carries one; `docs/reason-codes.md` is generated from here. */
// biome-ignore format: a table, one line per reason
export const reasonCodes = {
  // succeeded
  planned: { outcome: 'succeeded', meaning: 'A dry run: every read and check passed and nothing was written.', remedy: 'Run again without `dry-run` to carry the plan out.' },
  registered: { outcome: 'succeeded', meaning: 'The model version is in the registry.', remedy: 'Nothing to do.' },
  'already-registered': { outcome: 'succeeded', meaning: 'The same version with the same content was registered before; the run returns that package.', remedy: 'Nothing to do.' },
  approved: { outcome: 'succeeded', meaning: 'The model package is approved.', remedy: 'Nothing to do.' },
  delivered: { outcome: 'succeeded', meaning: 'The endpoint, or the alias, serves exactly the approved version, verified after the update settled.', remedy: 'Nothing to do.' },
  'candidate-dark': { outcome: 'succeeded', meaning: 'The new version is up beside the one that serves, with no traffic yet.', remedy: 'Shift the traffic with `shift-traffic`.' },
  'command-given': { outcome: 'succeeded', meaning: 'The command is in the release record; the running supervisor obeys it.', remedy: 'Follow the run that shifts the traffic.' },
  'brought-to-rest': { outcome: 'succeeded', meaning: 'A release that its run had left behind was settled; the message gives its outcome.', remedy: 'Find out why its run ended; deploy again when the version is still wanted.' },
  'nothing-expired': { outcome: 'succeeded', meaning: 'No release of this endpoint was left behind by its run.', remedy: 'Nothing to do.' },
  'already-delivered': { outcome: 'succeeded', meaning: 'The endpoint already serves this version with this configuration; nothing was written.', remedy: 'Nothing to do.' },
  'served-before': { outcome: 'succeeded', meaning: 'The version has served here before and was replaced since; with `once` it is not delivered again, and nothing was written.', remedy: 'Nothing to do. To bring it back, run `rollback` with `to`, or `deploy-endpoint` without `once`.' },
  restored: { outcome: 'succeeded', meaning: 'The endpoint serves the version that the rollback restores, verified.', remedy: 'Find the fault before the next release.' },
  'candidate-withdrawn': { outcome: 'succeeded', meaning: 'The rollback removed the new version, which was up without traffic; the version that serves did not change.', remedy: 'To go back past the version that serves, to one that served before it, run `rollback` with `to`; to bring the new version up again, run `deploy-endpoint`.' },
  'already-restored': { outcome: 'succeeded', meaning: 'The endpoint already serves the version that the rollback restores; nothing was written.', remedy: 'Nothing to do.' },
  'serves-nowhere': { outcome: 'succeeded', meaning: 'The rejected version neither serves on this endpoint nor waits there as a candidate, so nothing had to change.', remedy: 'Nothing to do.' },
  'not-rejected': { outcome: 'succeeded', meaning: 'The registry does not have the version as `Rejected` now, so `rollback` with `rejected` or `event` had nothing left to change.', remedy: 'Nothing to do. To take back a version that is not rejected, run `rollback` without `rejected`.' },
  'event-ignored': { outcome: 'succeeded', meaning: 'The event is not about the approval, or `rollback` with `to` brought the version back after it; nothing was left to change.', remedy: 'Nothing to do. To take a rejected version back all the same, run `rollback` with `rejected`.' },
  'regression-passed': { outcome: 'succeeded', meaning: 'The new version keeps every rule of `regression:` against the version that serves.', remedy: 'Deploy it while the verdict counts.' },
  // pending
  'in-progress': { outcome: 'pending', meaning: 'The run ended without waiting, because of `wait: false`; the delivery goes on.', remedy: 'Run again, with `resume-token` or without; it goes on from there.' },
  'approval-pending': { outcome: 'pending', meaning: 'The model package waits for approval.', remedy: 'Approve or reject the package in the registry, then run again.' },
  'approvals-missing': { outcome: 'pending', meaning: 'Fewer people have approved than the manifest or a high risk requires; nothing was written to the registry.', remedy: 'Have the people approve whom the message names, then run again.' },
  'evidence-changed': { outcome: 'pending', meaning: 'The version changed after its evidence was shown, so an approval that was given before does not count; nothing was written to the registry.', remedy: 'Read the evidence as it is now, then approve again.' },
  // rejected
  'self-approval': { outcome: 'rejected', meaning: 'An author of the version approved it, and too few other people did; nothing was written to the registry.', remedy: 'Have other people approve: not the authors of the commit or the pull request, and not the person who started the run.' },
  'not-approved': { outcome: 'rejected', meaning: 'The model package is not approved, so it is not deployed.', remedy: 'Have it approved (`approve-gate`), or deploy a version that is.' },
  'content-changed': { outcome: 'rejected', meaning: 'The package, its artifact or its image differs from the registered and approved content, so it is not deployed.', remedy: 'Find out who changed it (CloudTrail), and register the new content as a new version.' },
  'approval-rejected': { outcome: 'rejected', meaning: 'A person or a policy rejected the model package.', remedy: 'Read the approval description, fix the model, register a new version.' },
  'already-convicted': { outcome: 'rejected', meaning: 'This version was taken back before by an alarm, the judge, a health check or a person; it is not tried again by itself.', remedy: 'Ship a fixed version, or set `retry: true` when the model was not the cause.' },
  'not-repeated': { outcome: 'rejected', meaning: 'An earlier update to this version was taken back, and its cause is not known; that convicts no version, but the update is not repeated by itself.', remedy: 'Read the endpoint\'s FailureReason, or the errorInformation of the deployment in CodeDeploy, and the alarm history, then set `retry: true`.' },
  'regression-failed': { outcome: 'rejected', meaning: 'The new version breaks a rule of `regression:`.', remedy: 'Read the cells that fail in the report; train a better model, or change the rule if it is wrong.' },
  'regression-missing': { outcome: 'rejected', meaning: 'The manifest has `regression:`, and there is no passing verdict that still counts for this package, golden set, policy and baseline; nothing was deployed.', remedy: 'Run `regression-test` for this environment and version, then deploy.' },
  'promotion-missing': { outcome: 'rejected', meaning: 'The environment has `after`, and the content of the version has not served well in the environment before it; nothing was deployed.', remedy: 'Deliver the version, or a release candidate with the same content, to that environment first.' },
  'labels-changed': { outcome: 'rejected', meaning: 'The labels of the golden set differ from those that the version that serves was tested with, so labels and model would change in one step.', remedy: 'Run `regression-test` for the version that serves first, with the new labels; or allow it with `labels: { changed-with-model: allow }`.' },
  // rolled-back
  alarm: { outcome: 'rolled-back', meaning: 'An alarm went off while the new version had traffic; all of it went back to the old version.', remedy: 'Look at the alarm and the candidate\'s logs named in the summary.' },
  'health-check': { outcome: 'rolled-back', meaning: 'The candidate did not pass its health check; it received no traffic.', remedy: 'Read the endpoint\'s container log; run the container locally and call `/ping`.' },
  'capacity-rolled-back': { outcome: 'rolled-back', meaning: 'SageMaker could not get the instances for the new fleet; the old one still serves.', remedy: 'Run again later, or choose another instance type or zone.' },
  convicted: { outcome: 'rolled-back', meaning: 'The judge found the new version worse than the old one; its traffic went back.', remedy: 'Look at the evidence in the summary and at the requests that failed; ship a fixed version.' },
  'safety-net': { outcome: 'rolled-back', meaning: 'The new version passed the absolute error limit; its traffic went back.', remedy: 'Look at the log of the endpoint or the function; ship a fixed version.' },
  'shared-outage': { outcome: 'rolled-back', meaning: 'The traffic went back, but the old version had the same trouble in the same minutes, by a difference that is within chance; the new version is not convicted.', remedy: 'Mend the dependency that both versions share, then run again: that is a new attempt.' },
  'worse-than-before': { outcome: 'rolled-back', meaning: 'With all of the traffic the new version failed clearly more often than both versions did before. No old version was left to compare with, so this convicts no version; its traffic went back.', remedy: 'Look at the log of the endpoint or the function. If a dependency failed, mend it and run again: that is a new attempt. Else ship a fixed version; a last step below 100 lets the judge compare.' },
  'metrics-blind': { outcome: 'rolled-back', meaning: 'The candidate\'s metrics were missing for too long, so its traffic went back.', remedy: 'Find out why CloudWatch has no metrics, then run again.' },
  'unproven-health': { outcome: 'rolled-back', meaning: 'The candidate was not proven healthy within `max-step`.', remedy: 'Lengthen `max-step`, take larger steps, or relax `healthy`; where errors are usual, `at-most` is proven sooner. Where a metric of `judge.metrics` held the step, promote it by hand with `promote-now`, or give the metric `verdict: convict`.' },
  'dark-checks-failed': { outcome: 'rolled-back', meaning: 'The new version did not pass its checks before it got any traffic.', remedy: 'Read the checks in the message.' },
  'insufficient-traffic': { outcome: 'rolled-back', meaning: 'The candidate saw fewer requests than `minimum-requests` during the bake, so it proved nothing and was taken back.', remedy: 'Lengthen the bake, send traffic, or lower `minimum-requests`.' },
  'hook-failed': { outcome: 'rolled-back', meaning: 'A lifecycle hook of the CodeDeploy deployment failed, or reported nothing within an hour; the alias is on the old version.', remedy: 'Read the cause in the message, the log of the hook function and the report of its regression test. Ship a fixed version; where the hook itself was the cause, mend it and run again: that is a new attempt.' },
  'deployment-timeout': { outcome: 'rolled-back', meaning: 'The update exceeded the rollout\'s `timeout` and was rolled back: by SageMaker, or by CodeDeploy when this suite stopped the deployment.', remedy: 'Raise `timeout`, or find the cause of the delay: instances that start slowly, or a deployment of CodeDeploy that waits for a hook.' },
  'aborted-by-hand': { outcome: 'rolled-back', meaning: 'A person stopped the release and the traffic went back.', remedy: 'Read the author and the reason in the release history.' },
  'approval-withdrawn': { outcome: 'rolled-back', meaning: 'The version lost its approval, or its package was edited, while its traffic was being moved; the traffic went back.', remedy: 'Read the author and the reason in the message. Once the version is approved again, run again: that is a new attempt.' },
  'cause-unknown': { outcome: 'rolled-back', meaning: 'The old version serves again, and no cause could be proven: nothing convicts the new version.', remedy: 'Read the endpoint\'s FailureReason, or the errorInformation of the deployment in CodeDeploy, and the alarm history; run again with `retry: true`.' },
  // inconclusive
  'policy-inconclusive': { outcome: 'inconclusive', meaning: 'No rule of `approval.policy` is broken, but at least one has no value to decide by, so nothing was written to the registry.', remedy: 'Read the undecided rules in the message: register the report they need, or correct their path. Otherwise a person decides.' },
  'regression-inconclusive': { outcome: 'inconclusive', meaning: 'The regression test could not decide: too few rows, missing answers, or a gate that cannot fail.', remedy: 'Read the reason; the report names the rows needed. Add rows, or widen a margin that you can accept.' },
  'regression-disturbed': { outcome: 'inconclusive', meaning: 'A model changed while it was tested, so the answers do not belong together.', remedy: 'Run `regression-test` again when no delivery is under way.' },
  'unproven-traffic': { outcome: 'inconclusive', meaning: 'The new version serves, but the bake ended before `minimum-requests` were seen on it.', remedy: 'Watch it, or roll back with `rollback`.' },
  'no-bake': { outcome: 'inconclusive', meaning: 'The new version serves, but its update ended before its bakes could have passed, so no alarm had the time to watch it.', remedy: 'Watch it, or roll back with `rollback`; on an endpoint, use a strategy without a bake where SageMaker excludes the container or the hardware from deployment guardrails.' },
  'withdrawn-too-late': { outcome: 'inconclusive', meaning: 'The new version serves, but it lost its approval during the update. It could not be taken back: no version served before it, or the way back failed.', remedy: 'Roll back with `rollback`, or have the version approved again; without a version to go back to, delete the endpoint.' },
  'convicted-too-late': { outcome: 'inconclusive', meaning: 'The new version serves, but the judge wants its traffic back, by minutes whose metrics came when the deployment had ended: it could not be stopped any more.', remedy: 'Roll back with `rollback`; lengthen the bake, so that the judge sees more of it before its end.' },
  'alarm-gone': { outcome: 'inconclusive', meaning: 'The new version serves, but an alarm named in the manifest was deleted while it should have watched the update.', remedy: 'Create the alarm again and watch it, or roll back with `rollback`.' },
  abandoned: { outcome: 'inconclusive', meaning: 'The run that held the release ended without finishing it, and another release took the endpoint over.', remedy: 'Read the newer release; it names the version that serves.' },
  'retire-failed': { outcome: 'inconclusive', meaning: 'The new version has all traffic, but SageMaker did not publish it under the canonical name.', remedy: 'Run `shift-traffic` again: it goes on with the publishing.' },
  'changed-by-others': { outcome: 'inconclusive', meaning: 'Others changed the endpoint, or the alias, during the release; it serves neither the planned version nor the baseline.', remedy: 'Find the author of the change in CloudTrail, then deploy again.' },
  'verification-mismatch': { outcome: 'inconclusive', meaning: 'The new version serves, but weights, instance counts, image digests, settings or the versions of the alias differ from the plan.', remedy: 'Compare the details in the summary; deploy again or roll back.' },
  'job-unheard': { outcome: 'inconclusive', meaning: 'The reusable workflow\'s deploying job set no outputs: a reviewer rejected it, the run was cancelled while it waited, or its runner was lost.', remedy: 'Look at the run. When a runner was lost, re-run the failed jobs: the release resumes where it is.' },
  // timed-out, cancelled
  'deadline-passed': { outcome: 'timed-out', meaning: 'The host\'s deadline passed before the release settled.', remedy: 'Run again: the release resumes where it is. Raise `timeout` when this is normal.' },
  'line-stopped': { outcome: 'cancelled', meaning: 'More endpoints of a wave failed than the fleet tolerates before this one was begun; nothing was written for it.', remedy: 'Read why the others failed in `report.json` of the execution; start the fleet again with a version that is good.' },
  cancelled: { outcome: 'cancelled', meaning: 'The run was cancelled; a guardrail deployment, or one of CodeDeploy, goes on under its alarms.', remedy: 'Run again to resume, or `rollback`.' },
  // failed: SageMaker, the endpoint, the registry and AWS
  'transform-failed': { outcome: 'failed', meaning: 'A batch transform job of a regression test failed, or did not answer one line a row.', remedy: 'Read the FailureReason in the message and the log of the job; ask an endpoint instead, or correct `request` of `regression:`.' },
  'smoke-failed': { outcome: 'failed', meaning: 'The new endpoint serves the version, but answers to requests of `smoke` in the manifest were not as expected. No version served well before it, so there is nothing to go back to.', remedy: 'Deliver a version that answers as expected, or delete the endpoint. Where the expectation was wrong, correct `smoke` and run again with `retry: true`.' },
  'creation-failed': { outcome: 'failed', meaning: 'A new endpoint could not be created.', remedy: 'Read its FailureReason; delete the failed endpoint, then deploy again.' },
  'capacity-unavailable': { outcome: 'failed', meaning: 'SageMaker has no instances of this type now.', remedy: 'Run again later, or choose another instance type.' },
  'quota-exceeded': { outcome: 'failed', meaning: 'A quota of the account does not allow what this needs: instances, or deployment configurations of CodeDeploy for example.', remedy: 'Ask for a higher quota; a blue/green update of an endpoint needs twice the fleet.' },
  'rollback-failed': { outcome: 'failed', meaning: 'The update failed and so did its rollback: a mix of both versions serves.', remedy: 'On an endpoint, run `rollback`: an update to the last good configuration is the documented way out. On an alias, give one version all requests (`aws lambda update-alias`), or run `rollback` with `to` and a third version.' },
  'endpoint-unusable': { outcome: 'failed', meaning: 'The endpoint, or the alias, is in a state or of a kind in which it cannot be updated like this.', remedy: 'Follow the message: read its FailureReason (a Failed endpoint must be deleted before it is created again), or see docs/endpoint-kinds.md; for an alias see docs/codedeploy.md.' },
  'held-by-another-release': { outcome: 'failed', meaning: 'Another release is live on this endpoint.', remedy: 'Wait for it, or abort it; the message names it.' },
  'other-record': { outcome: 'failed', meaning: 'The endpoint is delivered from another release record than this manifest names.', remedy: 'Set `releases` in the manifest to the record that the message names.', badInput: true },
  'foreign-config': { outcome: 'failed', meaning: 'The release record names a configuration that this suite did not create from that version for this endpoint, and did not take over from others; nothing was changed.', remedy: 'Name another version with `to`, or deploy one; find the writer of the record.' },
  'foreign-record': { outcome: 'failed', meaning: 'The release record belongs to another endpoint or alias, or a release in it names resources of another one; nothing was changed.', remedy: 'Find the writer of the record, and restore the record of this endpoint or alias.' },
  'record-unavailable': { outcome: 'failed', meaning: 'The release record cannot be read or written.', remedy: 'Follow the message: create the bucket, set `releases` in the manifest, or use the version of this suite that wrote the record.' },
  'plan-changed': { outcome: 'failed', meaning: 'A release of this version is live with another plan.', remedy: 'Let it end or roll it back, then deploy with the new plan.' },
  'version-taken': { outcome: 'failed', meaning: 'This semantic version is registered with other content.', remedy: 'Register the new content under a new version.' },
  'registration-failed': { outcome: 'failed', meaning: 'SageMaker did not complete the model package.', remedy: 'Read the status details in the message.' },
  'artifact-changed': { outcome: 'failed', meaning: 'The artifact was overwritten during its registration, or its copy does not match the digest in its name.', remedy: 'Follow the message: run again, or register the new content as a new version.' },
  'restore-failed': { outcome: 'failed', meaning: 'The update that should have restored the earlier version failed; the version to leave still serves.', remedy: 'Read the cause in the message, then run `rollback` again or name another version with `to`.' },
  'config-missing': { outcome: 'failed', meaning: 'A required configuration, model, image or artifact is absent.', remedy: 'Restore it under the same name, or deploy a version whose parts exist.' },
  'name-taken': { outcome: 'failed', meaning: 'A resource with the content-addressed name this release needs exists with other content.', remedy: 'If nothing uses the resource in the message, delete it, then run again.' },
  'no-candidate': { outcome: 'failed', meaning: 'The endpoint has no dark candidate of this version.', remedy: 'Bring it up with `deploy-endpoint` and a rollout with `strategy: steps`.' },
  'nothing-to-roll-back-to': { outcome: 'failed', meaning: 'The history names no version that served well before this one.', remedy: 'Name a version with `to`, or deploy one.' },
  'access-denied': { outcome: 'failed', meaning: 'AWS refused a call for lack of a permission.', remedy: 'Grant the permission that the message names. If the policy already has it, its resources or conditions do not fit the request: see docs/permissions.' },
  'credentials-unavailable': { outcome: 'failed', meaning: 'No credentials, or the role could not be assumed.', remedy: 'Follow the message. In a workflow, check the permission `id-token: write` first, then the role\'s trust policy; elsewhere sign in (`aws sso login`, `AWS_PROFILE` or access keys).' },
  'credentials-too-short': { outcome: 'failed', meaning: 'The plan outlasts the credentials and they cannot be refreshed here.', remedy: 'Set `role` in the manifest so that the host refreshes them, or ask for a longer session.' },
  'wrong-account': { outcome: 'failed', meaning: 'The credentials belong to another account than the manifest\'s environment names.', remedy: 'Use the environment\'s role, or correct `account`.', badInput: true },
  'endpoint-unreachable': { outcome: 'failed', meaning: 'AWS could not be reached, or a device between this machine and AWS answered in its place.', remedy: 'Follow the message: it names the host, the proxy or the certificate. Then run again.' },
  'clock-skew': { outcome: 'failed', meaning: 'The clock of this machine differs too much from AWS\'s clock, so AWS refuses its signatures.', remedy: 'Set the clock of the machine, by NTP for instance, then run again.' },
  'aws-error': { outcome: 'failed', meaning: 'AWS answered with an error that this suite does not know.', remedy: 'Read the message; run again: the release resumes where it is.' },
  'github-refused': { outcome: 'failed', meaning: 'GitHub refused a call that the run needs, or gave no answer.', remedy: 'Follow the message: it names the permission that the job lacks; otherwise run again.' },
  'internal-error': { outcome: 'failed', meaning: 'A defect in this suite.', remedy: 'Report it with the log; run again: the release resumes where it is.' },
  'job-failed': { outcome: 'failed', meaning: 'A job of the reusable workflow, or a build of CodeBuild, failed outside of its operations, in the checkout for instance.', remedy: 'Read the job\'s log, then re-run it.' },
  // failed: bad input
  'invalid-input': { outcome: 'failed', meaning: 'An input has a value that is not allowed.', remedy: 'Correct the input the message names.', badInput: true },
  'invalid-manifest': { outcome: 'failed', meaning: 'The manifest is not valid.', remedy: 'Correct the line and column the message names.', badInput: true },
  'unknown-version': { outcome: 'failed', meaning: 'No such version in the registry.', remedy: 'Register it, or correct the version.', badInput: true },
  'infeasible-rollout': { outcome: 'failed', meaning: 'SageMaker, or CodeDeploy, cannot carry out the manifest\'s rollout.', remedy: 'Change the rollout as the message says.', badInput: true },
  'risk-high': { outcome: 'failed', meaning: 'The risk is high, by the manifest or by the model card, and the manifest lacks a safeguard that this requires of a delivery: `regression:` or `strategy: steps`; nothing was written.', remedy: 'Add the keys that the message names.', badInput: true },
  'hardware-setting': { outcome: 'failed', meaning: 'The manifest changes the instance type, and the endpoint has a setting that the new type may not take: storage volume, inference AMI, capacity reservation or managed instance scaling.', remedy: 'Write the key that the message names into `endpoint` of the manifest, with a value for the new type, or with `none` to give the setting up.', badInput: true },
  'protection-lost': { outcome: 'failed', meaning: 'The endpoint has a protection that the manifest does not have: encryption, a VPC, network isolation, data capture or pinning. The delivery would remove it.', remedy: 'Write the key that the message names into `endpoint` of the manifest, with the value that serves, or with `none` to give the protection up.', badInput: true },
  'alarm-cannot-fire': { outcome: 'failed', meaning: 'An alarm of the rollout cannot go off within the bake, or within the shift of an alias, so it would protect nothing.', remedy: 'Change the alarm or lengthen the bake as the message says.', badInput: true },
  'alarm-not-ready': { outcome: 'failed', meaning: 'An alarm of the rollout does not exist, or is in ALARM before the new version has any traffic.', remedy: 'Create it, or wait until it is OK.', badInput: true },
  'metric-missing': { outcome: 'failed', meaning: 'A metric of `judge.metrics` has no data of the version that serves, so nothing could be compared.', remedy: 'Check its namespace, name and dimensions in CloudWatch; deliver a version that publishes it before the metric is in the manifest.', badInput: true },
  'too-little-traffic': { outcome: 'failed', meaning: 'At the endpoint\'s usual traffic the bake cannot reach `minimum-requests`.', remedy: 'Lengthen the bake or lower `minimum-requests`.', badInput: true },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof reasonCodes;

export const reason = (code: ReasonCode): Reason => reasonCodes[code];
