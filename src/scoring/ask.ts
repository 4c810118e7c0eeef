import { failureOfModel } from '../answers/failure-of-model.ts';
import { type Invocation, invocationOf } from '../answers/invocation.ts';
import { Throttled } from '../aws/retry.ts';
import type { RequestForm } from '../manifest/asking.ts';
import { writesOf } from '../world.ts';
import { type Answer, type Reading, readAnswer } from './response.ts';
import type { Endpoint } from './site.ts';

/** The way to a model: of the world, or to one that serves elsewhere by the same contract. */
export interface Way {
  readonly write?: Writes;
  /** To endpoints of another account. */
  readonly elsewhere?: { readonly write?: Writes };
}
interface Writes {
  readonly runtime: { readonly invokeEndpoint: Invoke };
}

/** @throws a `ModelError` for an error of the model, {Throttled} when no answer could be had */
export type Invoke = (input: Invocation) => Promise<{
  readonly Body?: Uint8Array | undefined;
  readonly ContentType?: string | undefined;
  readonly durationMs: number;
}>;

export const sides = ['candidate', 'baseline'] as const;
export type Side = (typeof sides)[number];

/** One row's request. */
export interface Question {
  readonly id: string;
  readonly body: Buffer;
  /** The models that it goes to. */
  readonly sides: readonly Side[];
  readonly reading: Reading;
}

/** Models' answers to one row. Null: no answer could be had, whatever the model. Absent: the model was not asked. */
export type Answers = Readonly<Partial<Record<Side, Answer | null>>>;

export interface Answered extends Answers {
  readonly id: string;
  /** Of some rows: the answers to the same request, sent a second time. */
  readonly again?: Answers;
}

export type Endpoints = Readonly<Partial<Record<Side, Endpoint>>>;

/** The answers to some questions, in their order. */
export interface AskedRows {
  readonly answers: readonly Answered[];
  /** Why a request had no answer, of the last such request. */
  readonly lost?: Throttled;
  /** The error that ended the asking: the requests after it were not sent. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Sends the questions to the models, each question to the one and the other at about the same time, so that both answer in the same
 * minutes. No answer is lost, however the others end.
 */
export const ask = async (
  world: Way,
  questions: readonly Question[],
  endpoints: Endpoints,
  { form, concurrency }: { readonly form: RequestForm; readonly concurrency: number },
): Promise<AskedRows> => {
  const answers: Answered[] = questions.map(({ id }) => ({ id }));
  let next = 0;
  let lost: Throttled | undefined;
  let failure: AskedRows['failure'];
  const answerOf = async (question: Question, side: Side): Promise<Answers> => {
    const endpoint = endpoints[side];
    if (endpoint === undefined || !question.sides.includes(side)) return {};
    try {
      return { [side]: await invoke(world, question, endpoint, form) };
    } catch (error) {
      if (error instanceof Throttled) {
        lost = error;
        return { [side]: null };
      }
      failure ??= { error };
      return {};
    }
  };
  const work = async (): Promise<void> => {
    for (let at = next++; at < questions.length && failure === undefined; at = next++) {
      const question = questions[at];
      if (question === undefined) return;
      const [ours, theirs] = await Promise.all([answerOf(question, 'candidate'), answerOf(question, 'baseline')]);
      answers[at] = { id: question.id, ...ours, ...theirs };
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, questions.length) }, work));
  return { answers, ...(lost && { lost }), ...(failure && { failure }) };
};

/** The model's answer; its errors are answers too. */
const invoke = async (
  world: Way,
  { body, reading }: Question,
  endpoint: Endpoint,
  form: RequestForm,
): Promise<Answer> => {
  try {
    const { runtime } = writesOf(endpoint.elsewhere ? (world.elsewhere ?? {}) : world);
    const output = await runtime.invokeEndpoint(invocationOf(endpoint, form, body));
    return readAnswer(
      {
        body: Buffer.from(output.Body ?? []),
        contentType: output.ContentType ?? '',
        latencyMs: output.durationMs,
      },
      reading,
    );
  } catch (error) {
    const failure = failureOfModel(error);
    if (failure === undefined) throw error;
    return { error: failure };
  }
};
