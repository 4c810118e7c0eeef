import * as z from 'zod/mini';
import type { Instant } from '../../clock.ts';
import { InputError } from '../../schema.ts';

/** The execution's own facts about a fleet: fixed at its beginning, and handed from state to state. */
const roll = z.strictObject({
  /** `s3://…/fleet.yml`. */
  fleet: z.string(),
  /** Hex SHA-256, so that one execution reads one content. */
  fleetSha256: z.string(),
  manifest: z.string(),
  manifestSha256: z.string(),
  environment: z.string(),
  version: z.string(),
  retry: z.boolean(),
  /** ARN of the execution that steers. */
  execution: z.string(),
});
export type Roll = z.infer<typeof roll>;

/** Where an endpoint is, and with which roles: the members of an environment of the manifest. */
const place = z.strictObject({
  account: z.string(),
  region: z.string(),
  role: z.optional(z.string()),
  'rollback-role': z.optional(z.string()),
  releases: z.optional(z.string()),
});
export type TurnPlace = z.infer<typeof place>;

const wave = z.strictObject({ index: z.int(), tolerated: z.int() });

/** What the endpoints of a wave are to do. */
const aims = ['deliver', 'roll-back'] as const;
export type Aim = (typeof aims)[number];

const endpointTurn = z.strictObject({
  turn: z.literal('endpoint'),
  roll,
  wave,
  aim: z.enum(aims),
  place,
  endpoint: z.string(),
  /** Of the turn before; `null` at the first. */
  token: z.nullable(z.string()),
  /** Requests that SageMaker has answered for this endpoint in this wave. */
  requests: z.int(),
});
export type EndpointTurn = z.infer<typeof endpointTurn>;

/** The answer about one endpoint. */
export type EndpointProgress =
  | {
      readonly is: 'waiting';
      /** ISO 8601, for a Wait state. */
      readonly notBefore: string;
      readonly token: string | null;
      readonly requests: number;
      readonly percent: number;
      readonly because: string;
    }
  | {
      readonly is: 'done';
      readonly requests: number;
      readonly endpoint: string;
      readonly outcome: string;
      readonly reason: string;
    };

const ended = z.object({ endpoint: z.string(), outcome: z.string(), reason: z.string(), requests: z.int() });
export type EndpointEnd = z.infer<typeof ended>;

/** The state after a Map or a Wait: the answer of the turn before, and the results. */
const steering = z.looseObject({
  roll,
  wave,
  /** What has just ended. */
  after: z.enum(['deliver', 'bake', 'roll-back']),
  began: z.string(),
  places: z.array(z.looseObject({ place, endpoints: z.array(z.looseObject({ endpoint: z.string() })) })),
  /** By place, of the states that have just ended. */
  results: z.optional(z.array(z.array(ended))),
});
export type Steering = z.infer<typeof steering>;

/** What the execution was started with. */
const request = z.strictObject({
  fleet: z.string(),
  version: z.string(),
  retry: z.optional(z.boolean()),
});
export type FleetRequest = z.infer<typeof request>;

const steerTurn = z.strictObject({
  turn: z.literal('steer'),
  execution: z.string(),
  state: z.union([z.looseObject({ roll: z.looseObject({}) }), z.looseObject({})]),
});

export type FleetEvent =
  | EndpointTurn
  | { readonly turn: 'open'; readonly execution: string; readonly request: FleetRequest }
  | { readonly turn: 'steer'; readonly state: Steering };

const member = 'model-delivery-fleet';

/** Whether an event is a turn of a fleet's state machine. */
export const isFleetEvent = (event: unknown): event is Readonly<Record<typeof member, unknown>> =>
  typeof event === 'object' && event !== null && member in event;

/** @throws {InputError} naming the member that is wrong */
export const readFleetEvent = (event: Readonly<Record<typeof member, unknown>>): FleetEvent => {
  const given = event[member];
  const kind = typeof given === 'object' && given !== null && 'turn' in given ? given.turn : undefined;
  if (kind === 'endpoint') return parsed(endpointTurn, given, 'the turn');
  const { execution, state } = parsed(steerTurn, given, 'the turn');
  return 'roll' in state
    ? { turn: 'steer', state: parsed(steering, state, 'the state') }
    : { turn: 'open', execution, request: parsed(request, state, "the execution's input") };
};

const parsed = <Value>(schema: z.ZodMiniType<Value>, given: unknown, what: string): Value => {
  const result = z.safeParse(schema, given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = (issue?.path ?? []).map(String).join('.');
  const unknown = issue?.code === 'unrecognized_keys' ? `has no member ${issue.keys.join(', ')}` : undefined;
  throw new InputError(
    `${what}: ${unknown ?? `${path === '' ? 'it' : path} is missing or wrong`}; expected e.g. {"fleet": "s3://bucket/fleet.yml", "version": "1.4.0"}`,
  );
};

/** Step Functions takes an instant with or without fractions of a second; a fraction rounded up never begins early. */
export const timestamp = (instant: Instant): string => new Date(Math.ceil(instant / 1000) * 1000).toISOString();
