import { type NotifyEvent, notifyEvents, type Sink } from '../manifest/notify.ts';
import type { Plan } from '../operation.ts';
import { sinkPermissions } from '../permissions.ts';
import { nameOfSink } from './send.ts';

/** `notifies Slack (SLACK_WEBHOOK_URL) of verdict, ended`: for a plan, and for lint. */
export const notifies = (sink: Sink, among: readonly Sink[], events: readonly NotifyEvent[] = sink.events): string =>
  `notifies ${nameOfSink(sink, among)} of ${events.length === notifyEvents.length ? 'every event' : events.join(', ')}`;

/** The events of a delivery; the others are of a gate. */
export const deliveryEvents: readonly NotifyEvent[] = ['begun', 'step-taken', 'verdict', 'ended'];

/** The plan with its notifications, and their permissions. @param possible events of the operation that is planned */
export const withNotices = (plan: Plan, sinks: readonly Sink[], possible: readonly NotifyEvent[]): Plan => {
  const told = sinks.flatMap((sink) => {
    const events = sink.events.filter((event) => possible.includes(event));
    return events.length === 0 ? [] : [{ sink, events }];
  });
  return told.length === 0
    ? plan
    : {
        ...plan,
        notes: [...plan.notes, ...told.map(({ sink, events }) => notifies(sink, sinks, events))],
        permissions: [
          ...new Set([...plan.permissions, ...told.flatMap(({ sink: { to } }) => sinkPermissions(to.is))]),
        ].sort(),
      };
};
