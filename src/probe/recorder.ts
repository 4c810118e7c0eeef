import type { Clock } from '../clock.ts';
import type { Refused } from './refusal.ts';

/** One request with its answer. Looks in a row with the same answer are one entry. */
export interface Exchange {
  /** Milliseconds since the question began. */
  readonly at: number;
  /** How often it was sent in a row with this answer, when more than once; `until` is the last time. */
  readonly times?: number;
  readonly until?: number;
  /** IAM's name of the call. */
  readonly call: string;
  readonly input: object;
  readonly answer?: unknown;
  readonly refused?: Refused;
}

export interface Recorder {
  keep<Answer>(
    call: string,
    input: object,
    sent: Promise<Answer>,
    refusalOf: (error: unknown) => Refused | undefined,
  ): Promise<Answer>;
  /** The exchanges so far; the next question begins with none. */
  take(): readonly Exchange[];
}

export const createRecorder = (clock: Clock): Recorder => {
  let began = clock.now();
  let kept: Exchange[] = [];

  const add = (entry: Exchange): void => {
    const last = kept.at(-1);
    if (last !== undefined && sameExchange(last, entry))
      kept[kept.length - 1] = { ...last, times: (last.times ?? 1) + 1, until: entry.at };
    else kept.push(entry);
  };

  return {
    async keep(call, input, sent, refusalOf) {
      const at = clock.now() - began;
      try {
        const answer = await sent;
        add({ at, call, input, answer: essential(answer) });
        return answer;
      } catch (error) {
        const refused = refusalOf(error);
        if (refused !== undefined) add({ at, call, input, refused });
        throw error;
      }
    },
    take() {
      const taken = kept;
      kept = [];
      began = clock.now();
      return taken;
    },
  };
};

const sameExchange = (one: Exchange, other: Exchange): boolean =>
  JSON.stringify([one.call, one.input, one.answer, one.refused]) ===
  JSON.stringify([other.call, other.input, other.answer, other.refused]);

/** Of an answer with headers: those that SageMaker and S3 give a meaning. Ids of requests would make every answer another one. */
const essential = (answer: unknown): unknown => {
  if (typeof answer !== 'object' || answer === null) return answer;
  if (!('headers' in answer) || !('text' in answer)) return withoutCredentials(answer);
  const { headers, text } = answer as { readonly headers: Readonly<Record<string, string>>; readonly text: string };
  const kept = Object.entries(headers).filter(([name]) =>
    /^(x-amzn-(sagemaker|invoked)|x-amz-version-id|etag)/.test(name),
  );
  return { headers: Object.fromEntries(kept), bytes: text.length };
};

/** A job of CodePipeline comes with keys to its artifacts. */
const withoutCredentials = (answer: object): unknown =>
  JSON.parse(JSON.stringify(answer, (name, value: unknown) => (/credentials/i.test(name) ? undefined : value)));
