import { AwsError, type BusEvent, type Kernel, type Service } from '../contracts.ts';
import { deniedByResource } from '../iam/across.ts';
import { notSimulated } from '../not-simulated.ts';
import { uuidOf } from '../random.ts';

interface Entry {
  readonly Time?: number | Date;
  readonly Source?: string;
  readonly Resources?: readonly string[];
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
}

/** User guide, "Calculating PutEvents event entry size"; newer, larger limits are not simulated. */
const mostBytes = 262_144;

/**
 * EventBridge, as far as a sender of events needs it: buses whose events lie in a mailbox. Rules are the driver's (`EventRules`), and see the default
 * bus.
 * @param hand gives an event of the default bus to its rules
 */
export const createEventbridge = (
  kernel: Kernel,
  hand: (event: BusEvent) => void,
): { readonly service: Service; readonly events: (bus: string) => readonly BusEvent[] } => {
  const buses = new Map<string, BusEvent[]>([['default', []]]);
  let events = 0;

  /** User guide, "PutEvents failures": what is wrong with one entry is in its result, and the others are carried out. */
  const fault = ({ Source, DetailType, Detail }: Entry): readonly [code: string, message: string] | undefined => {
    for (const [member, value] of Object.entries({ Source, DetailType, Detail }))
      if (value === undefined || value === '')
        return ['InvalidArgument', `Parameter ${member} is not valid. Reason: ${member} is a required argument.`];
    if (Source?.startsWith('aws.')) return ['NotAuthorizedForSourceException', 'Not authorized for the source.'];
    return isObject(Detail ?? '') ? undefined : ['MalformedDetail', 'Detail is malformed.'];
  };

  const operations: Service['operations'] = {
    CreateEventBus: ({ Name: name }: { readonly Name: string }) => {
      if (name.includes('/')) throw notSimulated('events CreateEventBus of a partner');
      if (buses.has(name)) throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
      buses.set(name, []);
      return { EventBusArn: kernel.arn('events', `event-bus/${name}`) };
    },
    PutEvents: ({ Entries: entries }: { readonly Entries: readonly Entry[] }, { principal }) => {
      const named = new Set(entries.map(({ EventBusName = 'default' }) => EventBusName));
      const [bus = 'default', ...others] = named;
      if (others.length > 0) throw notSimulated('events PutEvents to several buses at once');
      if (Buffer.byteLength(JSON.stringify(entries)) > mostBytes)
        throw notSimulated('events PutEvents of more than 256 KB');
      const [, , , region, account, resource] = bus.startsWith('arn:') ? bus.split(':') : [];
      if (region !== undefined && region !== kernel.region)
        throw notSimulated('events PutEvents to a bus of another region');
      // Without a policy a bus is open to its own account alone (user guide, "Permissions for event buses").
      if (account !== undefined && account !== kernel.accountId)
        throw deniedByResource(principal, 'events:PutEvents', bus, 'silent');
      const name = resource?.replace(/^event-bus\//, '') ?? bus;
      const results = entries.map((entry) => {
        const wrong = fault(entry);
        if (wrong !== undefined) return { ErrorCode: wrong[0], ErrorMessage: wrong[1] };
        const id = uuidOf('event', kernel.accountId, kernel.region, events++);
        const event: BusEvent = {
          version: '0',
          id,
          'detail-type': entry.DetailType,
          source: entry.Source,
          account: kernel.accountId,
          time: timeOf(entry.Time ?? kernel.clock.now() / 1000),
          region: kernel.region,
          resources: entry.Resources ?? [],
          detail: JSON.parse(entry.Detail ?? '{}') as unknown,
        };
        // A bus that does not exist is no error: the event gets an id and is lost (aws/aws-cli#9186, aws/aws-sdk#186).
        buses.get(name)?.push(event);
        if (name === 'default') hand(event);
        return { EventId: id };
      });
      return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
    },
  };
  return { service: { operations }, events: (name) => buses.get(name) ?? [] };
};

const isObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};

/** Seconds, as the JSON protocol has them. */
const timeOf = (time: number | Date): string =>
  (time instanceof Date ? time : new Date(time * 1000)).toISOString().replace(/\.\d{3}Z$/, 'Z');
