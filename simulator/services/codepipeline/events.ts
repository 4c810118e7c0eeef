import type { BusEvent, EventRules, Kernel } from '../../contracts.ts';
import { matches, type Pattern, refuseUnknownFilters } from '../../event-pattern.ts';
import { uuidOf } from '../../random.ts';
import type { ActionRun, Execution, StageRun } from './model.ts';

type StageState = 'FAILED' | 'RESUMED' | 'STARTED' | 'STOPPED' | 'STOPPING' | 'SUCCEEDED' | 'CANCELED';

/** The states of user guide "Monitoring CodePipeline events", "Detail types". */
export interface Announcements {
  execution(execution: Execution, state: StageState | 'SUPERSEDED'): void;
  stage(execution: Execution, stage: StageRun, state: StageState): void;
  action(run: ActionRun, state: 'ABANDONED' | 'FAILED' | 'STARTED' | 'SUCCEEDED'): void;
}

/**
 * The state changes of a pipeline, as EventBridge hands them to targets: "Events are emitted on a guaranteed, at-least-once basis" (user guide
 * "Monitoring CodePipeline events"), and EventBridge promises no order. How late, how often and in which order is a setting.
 */
export const createEvents = (
  kernel: Kernel,
): { readonly rules: EventRules; readonly announce: Announcements; readonly hand: (event: BusEvent) => void } => {
  const rules: { readonly pattern: Pattern; readonly target: (event: object) => void }[] = [];
  const random = kernel.random('codepipeline-events');
  let events = 0;

  const emit = (kind: 'Pipeline' | 'Stage' | 'Action', execution: Execution, detail: object): void => {
    const { pipeline } = execution;
    const event = {
      version: '0',
      id: uuidOf('codepipeline-event', events++),
      'detail-type': `CodePipeline ${kind} Execution State Change`,
      source: 'aws.codepipeline',
      account: kernel.accountId,
      time: new Date(kernel.clock.now()).toISOString().replace(/\.\d{3}Z$/, 'Z'),
      region: kernel.region,
      resources: [pipeline.arn],
      detail: {
        pipeline: pipeline.name,
        'execution-id': execution.id,
        ...detail,
        version: execution.version,
        'pipeline-execution-attempt': execution.attempt,
      },
    };
    hand(event);
  };
  const hand = (event: BusEvent): void => {
    for (const { pattern, target } of rules) {
      if (!matches(pattern, event)) continue;
      const { eventCopies, eventDelayMs, eventJitterMs } = kernel.settings;
      for (let copy = 0; copy < eventCopies; copy++)
        kernel.clock.at(
          kernel.clock.now() + eventDelayMs + Math.floor(random() * eventJitterMs),
          `event ${event.id}`,
          () => target(event),
        );
    }
  };
  const instant = (at: number): string => new Date(at).toISOString();

  return {
    hand,
    rules: {
      add(pattern, target) {
        refuseUnknownFilters(pattern);
        rules.push({ pattern, target });
      },
    },
    announce: {
      execution: (execution, state) =>
        emit('Pipeline', execution, {
          'start-time': instant(execution.startedAt),
          ...(state === 'STARTED'
            ? {
                'execution-trigger': {
                  'trigger-type': execution.trigger.triggerType,
                  'trigger-detail': execution.trigger.triggerDetail,
                },
              }
            : {}),
          state,
          ...(state === 'STOPPING' && execution.statusSummary !== undefined
            ? { 'stop-execution-comments': execution.statusSummary }
            : {}),
        }),
      stage: (execution, stage, state) =>
        emit('Stage', execution, {
          'start-time': instant(execution.startedAt),
          // "The stage-last-retry-attempt-time field will be present in all the subsequent stage events after a stage has been retried."
          ...(stage.retriedAt === undefined ? {} : { 'stage-last-retry-attempt-time': instant(stage.retriedAt) }),
          stage: stage.name,
          state,
        }),
      action: (run, state) => {
        const { execution, declaration } = run;
        const located = (declared: readonly { readonly name: string }[] | undefined): object[] =>
          (declared ?? []).flatMap(({ name }) => {
            const artifact = execution.artifacts.get(name);
            return artifact ? [{ name, s3location: { bucket: artifact.bucket, key: artifact.key } }] : [];
          });
        const { owner, category, provider, version } = declaration.actionTypeId;
        emit('Action', execution, {
          'start-time': instant(run.startedAt),
          stage: run.stage.name,
          'action-execution-id': run.id,
          action: declaration.name,
          state,
          region: kernel.region,
          type: { owner, category, provider, version },
          ...(state === 'STARTED'
            ? { 'input-artifacts': located(declaration.inputArtifacts) }
            : {
                'output-artifacts': located(declaration.outputArtifacts),
                'execution-result': {
                  ...(run.externalExecutionId === undefined
                    ? {}
                    : { 'external-execution-id': run.externalExecutionId }),
                  ...(run.error === undefined
                    ? run.summary === undefined
                      ? {}
                      : { 'external-execution-summary': run.summary }
                    : { 'external-execution-summary': run.error.message, 'error-code': run.error.code }),
                },
              }),
        });
      },
    },
  };
};
