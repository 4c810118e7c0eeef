import { type Clock, type Instant, seconds } from '../clock.ts';
import { canonical } from '../digest.ts';
import { type Call, eachCall } from './each-call.ts';
import { classify } from './errors.ts';
import { wholeObjectSha256 } from './whole-object.ts';

/**
 * The answers that a session had, so that no read is repeated at one instant: several turns may follow each other at once, and each looks
 * for itself. An answer is given again for four seconds, as long as this session wrote nothing that could change it. Who is about to move
 * traffic, to change autoscaling or to write a decision asks again (`forget`), and so does each look at a change that runs and each turn of
 * a regression test. So does everyone after a refusal, which contradicts the answers that led to the request, and after three turns that
 * wrote nothing: the same answers would lead to the same turn, without an end.
 */
export interface Answers {
  /** The same calls, whose answers are remembered. */
  reads<Services extends object>(services: Services): Services;
  /** The same calls, which forget what they may change. */
  writes<Services extends object>(services: Services): Services;
  /** Every read asks again. */
  forget(): void;
  /** A turn begins. */
  beginTurn(): void;
}

const instant = seconds(4);
/** Before its first write a run opens a session, plans, and takes a turn. */
const mostWithoutWrite = 3;

interface Kept {
  readonly at: Instant;
  readonly answer: Promise<unknown>;
}
type Services = Readonly<Record<string, Readonly<Record<string, Call>>>>;

/** Nothing that is read changes by a request to a model, or by a notification. */
const changesNothingRead: ReadonlySet<string> = new Set(['runtime', 'sns', 'eventbridge']);
/** Data sets; and the release record, in which others leave their commands at any time. */
const neverKept: ReadonlySet<string> = new Set(['getBytes', 'getObject']);
/** No call to another service changes what these answer, and theirs change no other. */
const apart: ReadonlySet<string> = new Set(['s3', 'ecr', 'sts', 'cloudwatch']);
/** They add an object that nothing else names yet. */
const adds = new Map([
  ['createModel', 'ModelName'],
  ['createEndpointConfig', 'EndpointConfigName'],
  ['createModelPackageGroup', 'ModelPackageGroupName'],
]);

/** The answers that a write may change; of two possibilities always the one that asks again. */
const touchedBy = (service: string, name: string, input: unknown): ((key: string) => boolean) => {
  const inputs = (input ?? {}) as Readonly<Record<string, unknown>>;
  const isOf = (key: string, member: string): boolean => key.includes(canonical(inputs[member] ?? ''));
  const of = (key: string): string => key.slice(0, key.indexOf('.'));
  if (service === 's3') return (key) => of(key) === 's3' && (key.startsWith('s3.list') || isOf(key, 'Key'));
  const added = service === 'sagemaker' ? adds.get(name) : undefined;
  if (added !== undefined) return (key) => of(key) === service && (key.includes('.list') || isOf(key, added));
  return (key) => of(key) === service || !(apart.has(of(key)) || apart.has(service));
};

export const createAnswers = (clock: Pick<Clock, 'now'>): Answers => {
  const kept = new Map<string, Kept>();
  let turnsWithoutWrite = 0;
  /** A clock that was set back makes no answer young again. */
  const isYoung = ({ at }: Kept): boolean => clock.now() >= at && clock.now() - at <= instant;
  const drop = (service: string, name: string, input: unknown): void => {
    const isTouched = touchedBy(service, name, input);
    for (const key of kept.keys()) if (isTouched(key)) kept.delete(key);
  };

  const read =
    (name: string, call: Call): Call =>
    (...given) => {
      const key = `${name} ${canonical(given)}`;
      const before = kept.get(key);
      if (before !== undefined && isYoung(before)) return before.answer;
      for (const [old, one] of kept) if (!isYoung(one)) kept.delete(old);
      const answer = call(...given);
      const mine: Kept = { at: clock.now(), answer };
      kept.set(key, mine);
      answer.catch((error: unknown) => {
        // That something is not there is an answer too.
        if (classify(error) !== 'not-found' && kept.get(key) === mine) kept.delete(key);
      });
      return answer;
    };

  const write =
    (service: string, name: string, call: Call): Call =>
    async (...given) => {
      const [input] = given;
      turnsWithoutWrite = 0;
      drop(service, name, input);
      const answer = await call(...given);
      drop(service, name, input);
      if (service === 's3') keepWritten(input as Put, answer as Wrote);
      return answer;
    };

  const contradicting =
    (call: Call): Call =>
    async (...given) => {
      try {
        return await call(...given);
      } catch (error) {
        kept.clear();
        throw error;
      }
    };

  /** S3 has said what it wrote, under a name that follows from the content. */
  const keepWritten = ({ Bucket, Key }: Put, wrote: Wrote): void => {
    const sha256 = wholeObjectSha256(wrote.CopyObjectResult ?? wrote);
    if (sha256 !== undefined)
      kept.set(`s3.sha256 ${canonical([{ Bucket, Key }])}`, { at: clock.now(), answer: Promise.resolve(sha256) });
  };

  const each =
    (wrap: (service: string, name: string, call: Call) => Call) =>
    <Given extends object>(services: Given): Given => {
      const wrapped = new Map<string, object>();
      // A client is made at its first use.
      return new Proxy(services, {
        get: (target, service) => {
          if (typeof service !== 'string') return Reflect.get(target, service);
          const made = wrapped.get(service);
          if (made !== undefined) return made;
          const calls = (target as Services)[service];
          if (calls === undefined) return undefined;
          const own = eachCall(calls, (name, call) => wrap(service, name, call));
          wrapped.set(service, own);
          return own;
        },
      });
    };

  return {
    reads: each((service, name, call) => (neverKept.has(name) ? call : read(`${service}.${name}`, call))),
    writes: each((service, name, call) =>
      contradicting(changesNothingRead.has(service) ? call : write(service, name, call)),
    ),
    forget: () => kept.clear(),
    beginTurn: () => {
      if (turnsWithoutWrite++ < mostWithoutWrite) return;
      turnsWithoutWrite = 0;
      kept.clear();
    },
  };
};

interface Put {
  readonly Bucket?: string;
  readonly Key?: string;
}

interface Checksum {
  readonly ChecksumSHA256?: string;
  readonly ChecksumType?: string;
}
/** The answers of PutObject and CopyObject. */
interface Wrote extends Checksum {
  readonly CopyObjectResult?: Checksum;
}
