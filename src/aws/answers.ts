import { type Clock, type Instant, minutes, seconds } from '../clock.ts';
import { canonical } from '../digest.ts';
import { type Call, eachCall } from './each-call.ts';
import { classify } from './errors.ts';
import { Throttled } from './retry.ts';
import { wholeObjectSha256 } from './whole-object.ts';

/**
 * The answers that a session had, so that no read is repeated at one instant: several turns may follow each other at once, and each looks
 * for itself. An answer is given again
 *
 * - for four seconds, as long as this session wrote nothing that could change it;
 * - for as long as AWS throttles, half an hour at most: a turn that AWS throttled is taken again, and under a tight limit it would
 *   never have all its answers at once. What moves traffic allows less (`forget`).
 */
export interface Answers {
  /** A turn begins. */
  turn(): void;
  /** The same calls, whose answers are remembered. */
  reads<Services extends object>(services: Services): Services;
  /** The same calls, which forget what they may change. */
  writes<Services extends object>(services: Services): Services;
  /** Answers of this age and older are asked for again. */
  forget(ageMs: number): void;
}

const instant = seconds(4);
const whileThrottled = minutes(30);
/** Others write objects too, above all the release record. */
const ofObjects = minutes(1);

interface Kept {
  readonly at: Instant;
  readonly answer: Promise<unknown>;
}
type Services = Readonly<Record<string, Readonly<Record<string, Call>>>>;

/** Nothing that is read changes by a request to a model, or by a notification. */
const changesNothingRead: ReadonlySet<string> = new Set(['runtime', 'sns', 'eventbridge']);
/** Data sets. */
const tooLarge: ReadonlySet<string> = new Set(['getBytes']);
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
  let throttledNow = false;
  let throttledBefore = false;

  const longest = (key: string): number => {
    if (!throttledBefore && !throttledNow) return instant;
    return key.startsWith('s3.getObject ') ? ofObjects : whileThrottled;
  };
  const drop = (service: string, name: string, input: unknown): void => {
    const isTouched = touchedBy(service, name, input);
    for (const key of kept.keys()) if (isTouched(key)) kept.delete(key);
  };

  const read =
    (name: string, call: Call): Call =>
    (...given) => {
      const key = name === 's3.getObject' ? objectKey(given[0]) : `${name} ${canonical(given)}`;
      const before = kept.get(key);
      if (before !== undefined && clock.now() - before.at <= longest(key)) return before.answer;
      const answer = call(...given);
      const mine: Kept = { at: clock.now(), answer };
      kept.set(key, mine);
      answer.catch((error: unknown) => {
        if (error instanceof Throttled) throttledNow = true;
        // That something is not there is an answer too.
        if (classify(error) !== 'not-found' && kept.get(key) === mine) kept.delete(key);
      });
      return answer;
    };

  const write =
    (service: string, name: string, call: Call): Call =>
    async (...given) => {
      const [input] = given;
      drop(service, name, input);
      try {
        const answer = await call(...given);
        drop(service, name, input);
        if (service === 's3') keepWritten(input as Put, answer as Wrote);
        return answer;
      } catch (error) {
        drop(service, name, input);
        if (error instanceof Throttled) throttledNow = true;
        throw error;
      }
    };

  /** S3 has said what it wrote. A later write of others fails its own condition, or changes what is named by its content. */
  const keepWritten = ({ Bucket, Key, Body }: Put, { ETag: etag, ...wrote }: Wrote): void => {
    const at = clock.now();
    if (typeof Body === 'string' && etag !== undefined)
      kept.set(objectKey({ Bucket, Key }), { at, answer: Promise.resolve({ text: Body, etag }) });
    const sha256 = wholeObjectSha256(wrote.CopyObjectResult ?? wrote);
    if (sha256 !== undefined)
      kept.set(`s3.sha256 ${canonical([{ Bucket, Key }])}`, { at, answer: Promise.resolve(sha256) });
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
    turn: () => {
      throttledBefore = throttledNow;
      throttledNow = false;
      for (const [key, { at }] of kept) if (clock.now() - at > longest(key)) kept.delete(key);
    },
    reads: each((service, name, call) => (tooLarge.has(name) ? call : read(`${service}.${name}`, call))),
    writes: each((service, name, call) => (changesNothingRead.has(service) ? call : write(service, name, call))),
    forget: (ageMs) => {
      for (const [key, { at }] of kept) if (clock.now() - at >= ageMs) kept.delete(key);
    },
  };
};

interface Put {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly Body?: unknown;
}

interface Checksum {
  readonly ChecksumSHA256?: string;
  readonly ChecksumType?: string;
}
/** The answers of PutObject and CopyObject. */
interface Wrote extends Checksum {
  readonly ETag?: string;
  readonly CopyObjectResult?: Checksum;
}

/** However much of it a caller takes. */
const objectKey = (input: unknown): string => {
  const { Bucket, Key } = input as Put;
  return `s3.getObject ${canonical([{ Bucket, Key }])}`;
};
