import type { LoggedRequest, SimulatedEvent } from '../../simulator/contracts.ts';
import { type Instant, iso, minutes, seconds } from '../clock.ts';
import { counted } from '../judge/amounts.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { findingsOf } from '../report/result-json.ts';
import type { AlarmRow, ArmMinute, Chapter, Happening } from '../report/story.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Moment, StepResult } from './driver.ts';
import { chartEvidenceOf, walkedSteps } from './evidence.ts';
import { rehearsedTeam } from './manifest.ts';
import type { Serving } from './serving.ts';
import type { ReportedRelease, Stage } from './stage.ts';

/** The place of a release. */
export interface Scene extends Pick<Stage, 'simulator' | 'endpoint'> {
  readonly model: string;
  /** In the manifest; default: the rehearsed team's. */
  readonly environment?: string;
  /** Of the release record; default: the rehearsed team's. */
  readonly releasesAt?: S3Location;
}

/** A release for readers: the terminal timeline and the HTML report are made from it. */
export const chapterOf = (
  { simulator, endpoint, model, environment = rehearsedTeam.environment, releasesAt }: Scene,
  release: ReportedRelease,
): Chapter => {
  const { ending, before, began } = release;
  if (!ending) throw new Error(`${release.title}: the release was not ended`);
  const findings = ending.result && findingsOf(ending.result);
  const events = simulator.events.slice(began.eventsSeen, ending.moment.eventsSeen);
  const candidateConfig = ending.candidateConfig === before?.endpointConfig ? undefined : ending.candidateConfig;
  return {
    title: `${release.title}: ${model} ${release.version}`,
    startedAt: began.at,
    endedAt: ending.moment.at,
    inputs: inputsOf(release),
    verdict: { outcome: ending.outcome, reason: ending.reason, because: ending.because },
    ...(before ? { baseline: { label: before.version ?? 'unknown', endpointConfig: before.endpointConfig } } : {}),
    ...(candidateConfig ? { candidate: { label: release.version, endpointConfig: candidateConfig } } : {}),
    minutes: minutesOf(simulator.hosting.minutes(), release, before?.endpointConfig, candidateConfig),
    ...errorThresholdOf(ending.requests),
    ...withoutUndefined({ findings }),
    evidence: chartEvidenceOf(simulator, endpoint, ending.result?.outputs['release'], releasesAt),
    bakes: [...bakesOf(events, ending.requests), ...walkedSteps(events)],
    happenings: happeningsOf(release, events),
    alarms: alarmsOf(ending.requests, events),
    servesNow: servesNow(model, ending.after),
    undo: undo(release, environment),
  };
};

const inputsOf = ({ steps, rollout }: ReportedRelease): Chapter['inputs'] => {
  const last = steps.at(-1);
  if (!last) return [];
  return [['action', last.step.action], ...Object.entries(last.step.inputs), ['rollout', rollout]];
};

const minutesOf = (
  all: ReturnType<Stage['simulator']['hosting']['minutes']>,
  release: ReportedRelease,
  baseline: string | undefined,
  candidate: string | undefined,
): ArmMinute[] => {
  const from = release.began.at - minutes(3);
  const to = (release.ending?.moment.at ?? 0) + minutes(3);
  // In a config with two variants the candidate's is the second one (DESIGN §5).
  const isBeside = (variant: string): boolean => variant.endsWith('-next');
  const shared = new Set(all.flatMap(({ variant, endpointConfig }) => (isBeside(variant) ? [endpointConfig] : [])));
  const armOf = (config: string, variant: string): ArmMinute['arm'] | undefined => {
    if (shared.has(config)) return isBeside(variant) ? 'candidate' : 'baseline';
    if (config === candidate) return 'candidate';
    return config === baseline ? 'baseline' : undefined;
  };
  const merged = new Map<string, ArmMinute>();
  for (const { endpointConfig, variant, minute, requests, errors, clientErrors } of all) {
    const arm = armOf(endpointConfig, variant);
    if (arm === undefined || minute < from || minute > to) continue;
    // While a fleet is swapped two configs serve the same version.
    const before = merged.get(`${arm} ${minute}`) ?? { requests: 0, errors: 0, clientErrors: 0 };
    const sums = {
      requests: before.requests + requests,
      errors: before.errors + errors,
      clientErrors: before.clientErrors + clientErrors,
    };
    merged.set(`${arm} ${minute}`, { arm, minute, ...sums });
  }
  return [...merged.values()].toSorted((a, b) => a.minute - b.minute);
};

/** From an activation by SageMaker to the end of the wait after it, or to an event that ended the wait early. */
const bakesOf = (events: readonly SimulatedEvent[], requests: readonly LoggedRequest[]): Chapter['bakes'] => {
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

/** Sorted by instant; within one instant by the events in AWS so far, then by the order of observation. */
const happeningsOf = (release: ReportedRelease, events: readonly SimulatedEvent[]): Happening[] => {
  const all: OrderedHappening[] = [
    ...release.steps.flatMap(stepHappenings),
    ...release.deeds.map(
      ({ moment, marked, what, detail }): OrderedHappening => ({
        ...moment,
        what,
        detail,
        who: 'person',
        weight: marked ? 'marked' : 'plain',
      }),
    ),
    ...events.flatMap((event, i) => {
      const happening = fromAws(event);
      return happening ? [{ ...happening, eventsSeen: release.began.eventsSeen + i + 0.5, order: 0 }] : [];
    }),
  ];
  const sorted = all.sort((a, b) => a.at - b.at || a.eventsSeen - b.eventsSeen || a.order - b.order);
  return sorted
    .filter((one, i) => !repeats(one, sorted[i - 1]))
    .map(({ at, who, what, detail, weight }) => ({ at, who, what, detail, weight }));
};
type OrderedHappening = Happening & Moment;

const fromAws = ({ at, source, object, what, detail }: SimulatedEvent): Happening | undefined => {
  switch (source) {
    // The actions and the reviewer report the registry's events themselves.
    case 'registry':
      return undefined;
    case 'deployment':
      return { at, who: 'endpoint', what, detail: `${object} ${detail}`, weight: 'marked' };
    case 'endpoint':
      return { at, who: source, what, detail, weight: 'marked' };
    case 'alarm':
      return what === 'ALARM'
        ? { at, who: source, what, detail: `${object}: ${detail}`, weight: 'marked' }
        : { at, who: source, what, detail: object, weight: 'fine' };
    case 'autoscaling':
      return { at, who: source, what, detail: `${object} ${detail}`, weight: 'plain' };
  }
};

/** A line repeats the one before when only the percentage changed: a sign of life in a log, noise in a story. */
const repeats = (one: OrderedHappening, before: OrderedHappening | undefined): boolean =>
  one.who === 'workflow' && before?.who === 'workflow' && one.what === before.what && one.detail === before.detail;

/** `2026-01-05T09:30:00Z   40 %  canary bakes until …`: the GitHub host prints it on every change. */
const progressLine = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\s+\d+ %\s+(.+)$/;

const stepHappenings = ({ step, started, ended, log, exit, outputs }: StepResult): OrderedHappening[] => {
  const happening = (moment: Moment, detail: string, weight: Happening['weight']): OrderedHappening => ({
    ...moment,
    who: 'workflow',
    what: step.action,
    detail,
    weight,
  });
  const end = exit.signal === 'SIGKILL' ? 'is gone' : `ended ${outputs['outcome']}/${outputs['reason-code']}`;
  // A step without duration shows only its end; its log has the rest.
  if (ended.at === started.at) return [happening(ended, end, 'plain')];
  const progress = log.flatMap(({ moment, text }): OrderedHappening[] => {
    const because = progressLine.exec(text)?.[1];
    return because === undefined ? [] : [happening(moment, because, 'fine')];
  });
  const attempt = step.job.attempt > 1 ? `, attempt ${step.job.attempt}` : '';
  return [happening(started, `starts${attempt}`, 'plain'), ...progress, happening(ended, end, 'marked')];
};

const alarmInputs = (requests: readonly LoggedRequest[]): Readonly<Record<string, unknown>>[] =>
  requests
    .filter(({ operation, mutation }) => operation === 'PutMetricAlarm' && mutation)
    .map(({ input }) => input as Readonly<Record<string, unknown>>);

const errorThresholdOf = (requests: readonly LoggedRequest[]): Pick<Chapter, 'errorThreshold'> => {
  const onErrors = alarmInputs(requests).find(({ AlarmName }) => /-errors-[0-9a-f]{8}$/.test(String(AlarmName)));
  return onErrors ? { errorThreshold: Number(onErrors['Threshold']) } : {};
};

const alarmsOf = (requests: readonly LoggedRequest[], events: readonly SimulatedEvent[]): AlarmRow[] => {
  const rows = new Map(alarmInputs(requests).map((input) => alarmRow(input, events)));
  return [...rows.values()];
};

const alarmRow = (
  input: Readonly<Record<string, unknown>>,
  events: readonly SimulatedEvent[],
): readonly [string, AlarmRow] => {
  const name = String(input['AlarmName']);
  const periods = Number(input['EvaluationPeriods']);
  const watches = `${watchedBy(input)} ${comparisons[String(input['ComparisonOperator'])] ?? input['ComparisonOperator']} ${input['Threshold']} in ${input['DatapointsToAlarm'] ?? periods} of ${periods} × ${input['Period'] ?? 60} s`;
  const changes = events
    .filter(({ source, object }) => source === 'alarm' && object === name)
    .map(({ at, what }) => ({ at, state: what }));
  return [name, { name, watches, changes }];
};

const watchedBy = (input: Readonly<Record<string, unknown>>): string => {
  const math = input['Metrics'] as readonly { readonly Expression?: string; readonly Label?: string }[] | undefined;
  const expression = math?.find(({ Expression }) => Expression !== undefined);
  if (expression) return expression.Label ?? expression.Expression ?? '';
  return `${input['Namespace']} ${input['MetricName']}, ${input['Statistic'] ?? input['ExtendedStatistic']}`;
};

const comparisons: Readonly<Record<string, string>> = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '≥',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '≤',
};

const servesNow = (model: string, after: Serving | undefined): string => {
  if (!after) return 'There is no endpoint.';
  const { version, endpointConfig, status, pending, instances } = after;
  const onItsWay = pending === undefined ? '' : `, ${pending} is on its way`;
  return `${model} ${version ?? 'unknown'} (${endpointConfig}) on ${counted(instances.current, 'instance')}, ${status}${onItsWay}.`;
};

const undo = ({ ending, before }: ReportedRelease, environment: string): string => {
  if (ending?.outcome === 'succeeded' && before && ending.after?.endpointConfig !== before.endpointConfig)
    return `Run the rollback action, or: model-delivery rollback --environment ${environment}. It returns to ${before.version ?? before.endpointConfig}.`;
  if (ending?.outcome === 'succeeded') return 'There is no earlier version to return to.';
  if (ending?.after?.pending !== undefined) return 'Wait for the update to settle, then run the rollback action.';
  return 'Nothing to undo: the earlier version serves.';
};

/** `00:12:30` since the rehearsal began. */
export const sinceStart = (at: Instant, start: Instant): string => iso(at - start).slice(11, 19);
