import type { FarSideEvent, LoggedRequest } from '../../simulator/contracts.ts';
import { type Instant, iso, minutes, seconds } from '../clock.ts';
import type { AlarmRow, ArmMinute, Chapter, Happening } from '../report/story.ts';
import type { StepResult } from './driver.ts';
import { house } from './manifest.ts';
import type { Serving } from './serving.ts';
import type { Release, Stage } from './stage.ts';

/** A release as people are told about it: terminal timeline and HTML report are made of this. */
export const chapterOf = ({ simulator }: Stage, release: Release): Chapter => {
  const { ending, before, startedAt } = release;
  if (!ending) throw new Error(`${release.title}: the release was not ended`);
  const events = simulator.events.filter(({ at }) => at >= startedAt && at <= ending.at);
  const candidateConfig = ending.candidateConfig === before?.endpointConfig ? undefined : ending.candidateConfig;
  return {
    title: `${release.title}: ${house.model} ${release.version}`,
    startedAt,
    endedAt: ending.at,
    asked: askedOf(release),
    verdict: { outcome: ending.outcome, reason: ending.reason, because: ending.because },
    ...(before ? { baseline: { label: before.version ?? 'unknown', endpointConfig: before.endpointConfig } } : {}),
    ...(candidateConfig ? { candidate: { label: release.version, endpointConfig: candidateConfig } } : {}),
    minutes: minutesOf(simulator.hosting.minutes(), release, before?.endpointConfig, candidateConfig),
    ...(candidateConfig ? { errorThreshold: house.errorThreshold } : {}),
    bakes: bakesOf(events, ending.requests),
    happenings: happeningsOf(release, events),
    alarms: alarmsOf(ending.requests, events),
    servesNow: servesNow(ending.after),
    undo: undo(release),
  };
};

const askedOf = ({ steps }: Release): Chapter['asked'] => {
  const last = steps.at(-1);
  if (!last) return [];
  return [['action', last.step.action], ...Object.entries(last.step.inputs).filter(([, value]) => value !== '')];
};

const minutesOf = (
  all: ReturnType<Stage['simulator']['hosting']['minutes']>,
  release: Release,
  baseline: string | undefined,
  candidate: string | undefined,
): ArmMinute[] => {
  const from = release.startedAt - minutes(3);
  const to = (release.ending?.at ?? 0) + minutes(3);
  const armOf = (config: string): ArmMinute['arm'] | undefined => {
    if (config === candidate) return 'candidate';
    return config === baseline ? 'baseline' : undefined;
  };
  return all.flatMap(({ endpointConfig, minute, requests, errors }): ArmMinute[] => {
    const arm = armOf(endpointConfig);
    return arm === undefined || minute < from || minute > to ? [] : [{ arm, minute, requests, errors }];
  });
};

/** From what SageMaker turned on to the end of the wait after it, or to whatever ended the wait early. */
const bakesOf = (events: readonly FarSideEvent[], requests: readonly LoggedRequest[]): Chapter['bakes'] => {
  const update = requests.find(({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation);
  const policy = (update?.input as UpdateInput | undefined)?.DeploymentConfig?.BlueGreenUpdatePolicy;
  const onEndpoint = events.filter(({ source }) => source === 'endpoint');
  return onEndpoint.flatMap(({ at, what }, i) => {
    const step = /^(canary|step|full)-activated$/.exec(what)?.[1];
    if (!policy || !step) return [];
    const isFinal = step === 'full';
    const bakeSeconds = isFinal
      ? (policy.TerminationWaitInSeconds ?? 0)
      : policy.TrafficRoutingConfiguration.WaitIntervalInSeconds;
    const to = Math.min(at + seconds(bakeSeconds), onEndpoint[i + 1]?.at ?? Number.POSITIVE_INFINITY);
    return to > at ? [{ from: at, to, label: isFinal ? 'final bake' : `${step} bake` }] : [];
  });
};
interface UpdateInput {
  readonly DeploymentConfig?: {
    readonly BlueGreenUpdatePolicy?: {
      readonly TrafficRoutingConfiguration: { readonly WaitIntervalInSeconds: number };
      readonly TerminationWaitInSeconds?: number;
    };
  };
}

const happeningsOf = (release: Release, events: readonly FarSideEvent[]): Happening[] => {
  const happenings: Happening[] = [
    ...release.steps.flatMap(stepHappenings),
    ...release.deeds.map((deed): Happening => ({ ...deed, who: 'person', marked: false })),
    ...events.map(
      ({ at, source, object, what, detail }): Happening => ({
        at,
        who: source,
        what,
        detail: source === 'endpoint' ? detail : `${object} ${detail}`.trim(),
        marked: source === 'endpoint' || source === 'alarm',
      }),
    ),
  ];
  return happenings.sort((a, b) => a.at - b.at);
};

/** `2026-01-05T09:30:00Z   40 %  canary bakes until …`: what the GitHub host prints on every change. */
const progressLine = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\s+\d+ %\s+(.+)$/;

const stepHappenings = (step: StepResult): Happening[] => {
  const { action, job } = step.step;
  const who = 'workflow' as const;
  const attempt = job.attempt > 1 ? `attempt ${job.attempt}` : '';
  const said = step.log.flatMap(({ at, text }): Happening[] => {
    const because = progressLine.exec(text)?.[1];
    return because === undefined ? [] : [{ at, who, what: 'says', detail: because, marked: false }];
  });
  const verdict =
    step.exit.signal === 'SIGKILL' ? 'killed' : `${step.outputs['outcome']}/${step.outputs['reason-code']}`;
  return [
    { at: step.startedAt, who, what: `${action} starts`, detail: attempt, marked: false },
    ...said,
    { at: step.endedAt, who, what: `${action} ends`, detail: verdict, marked: false },
  ];
};

const alarmsOf = (requests: readonly LoggedRequest[], events: readonly FarSideEvent[]): AlarmRow[] => {
  const puts = requests.filter(({ operation, mutation }) => operation === 'PutMetricAlarm' && mutation);
  const rows = new Map(puts.map(({ input }) => alarmRow(input as Readonly<Record<string, unknown>>, events)));
  return [...rows.values()];
};

const alarmRow = (
  input: Readonly<Record<string, unknown>>,
  events: readonly FarSideEvent[],
): readonly [string, AlarmRow] => {
  const name = String(input['AlarmName']);
  const statistic = input['Statistic'] ?? input['ExtendedStatistic'];
  const periods = Number(input['EvaluationPeriods']);
  const watches = `${input['Namespace']} ${input['MetricName']}, ${statistic} ${comparisons[String(input['ComparisonOperator'])] ?? input['ComparisonOperator']} ${input['Threshold']} in ${input['DatapointsToAlarm'] ?? periods} of ${periods} × ${input['Period']} s`;
  const changes = events
    .filter(({ source, object }) => source === 'alarm' && object === name)
    .map(({ at, what }) => ({ at, state: what }));
  return [name, { name, watches, changes }];
};

const comparisons: Readonly<Record<string, string>> = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '≥',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
};

const servesNow = (after: Serving | undefined): string => {
  if (!after) return 'There is no endpoint.';
  const { version, endpointConfig, status, pending, instances } = after;
  const onItsWay = pending === undefined ? '' : `, ${pending} is on its way`;
  return `${house.model} ${version ?? 'unknown'} (${endpointConfig}) on ${instances.current} instances, ${status}${onItsWay}.`;
};

const undo = ({ ending, before }: Release): string => {
  if (ending?.outcome === 'succeeded' && before && ending.after?.endpointConfig !== before.endpointConfig)
    return `Run the rollback action, or: model-delivery rollback --environment ${house.environment}. It returns to ${before.version ?? before.endpointConfig}.`;
  if (ending?.outcome === 'succeeded') return 'There is no earlier version to return to.';
  if (ending?.after?.pending !== undefined) return 'Wait for the update to settle, then run the rollback action.';
  return 'Nothing to undo: what served before serves now.';
};

/** `00:12:30` since the rehearsal began. */
export const sinceStart = (at: Instant, start: Instant): string => iso(at - start).slice(11, 19);
