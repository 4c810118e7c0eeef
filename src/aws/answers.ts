import { type Clock, type Instant, minutes, seconds } from '../clock.ts';
import { canonical } from '../digest.ts';
import { classify } from './errors.ts';
import { Throttled } from './retry.ts';

/**
 * The answers that a session had, so that no read is repeated at one instant: several turns may follow each other at once, and each looks
 * for itself. An answer is given again
 *
 * - for a second, as long as this session wrote nothing that could change it;
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

const instant = seconds(1);
const whileThrottled = minutes(30);
/** Others write objects too, above all the release record. */
const ofObjects = minutes(1);

interface Kept {
  readonly at: Instant;
  readonly answer: Promise<unknown>;
}
type Call = (...given: readonly unknown[]) => Promise<unknown>;
type Services = Readonly<Record<string, Readonly<Record<string, Call>>>>;

/** Nothing that is read changes by a request to a model, or by a notification. */
const changesNothingRead: ReadonlySet<string> = new Set(['runtime', 'sns', 'eventbridge']);
/** Data sets. */
const tooLarge: ReadonlySet<string> = new Set(['getBytes']);
/** No call to another service changes what these answer. */
const apart: ReadonlySet<string> = new Set(['s3', 'ecr', 'sts']);

export const createAnswers = (clock: Pick<Clock, 'now'>): Answers => {
  const kept = new Map<string, Kept>();
  let throttledNow = false;
  let throttledBefore = false;

  const longest = (key: string): number => {
    if (!throttledBefore && !throttledNow) return instant;
    return key.startsWith('s3.getObject ') ? ofObjects : whileThrottled;
  };
  const drop = (service: string, input: unknown): void => {
    const object = service === 's3' ? nameIn(input) : undefined;
    for (const key of kept.keys()) {
      const of = key.slice(0, key.indexOf('.'));
      const isTouched =
        object === undefined ? !(apart.has(of) || apart.has(service)) : of === 's3' && !isAside(key, object);
      if (isTouched) kept.delete(key);
    }
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
      drop(service, input);
      try {
        const answer = await call(...given);
        drop(service, input);
        if (service === 's3' && name === 'putObject') keepWritten(input as Put, answer as { readonly ETag?: string });
        return answer;
      } catch (error) {
        drop(service, input);
        if (error instanceof Throttled) throttledNow = true;
        throw error;
      }
    };

  /** Nobody needs to ask for the text that this session has written at this instant. A later write of others fails its next condition. */
  const keepWritten = (put: Put, { ETag: etag }: { readonly ETag?: string }): void => {
    if (typeof put.Body === 'string' && etag !== undefined)
      kept.set(objectKey(put), { at: clock.now(), answer: Promise.resolve({ text: put.Body, etag }) });
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
          const own = Object.fromEntries(
            Object.entries(calls).map(([name, call]) => [name, wrap(service, name, call)]),
          );
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

const nameIn = (input: unknown): string => canonical((input as Put | undefined)?.Key ?? '');

/** However much of it a caller takes. */
const objectKey = (input: unknown): string => {
  const { Bucket, Key } = input as Put;
  return `s3.getObject ${canonical([{ Bucket, Key }])}`;
};

/** The answer is about another object, and no listing. */
const isAside = (key: string, object: string): boolean =>
  !key.startsWith('s3.list') && !key.includes(`"Key":${object}`);
