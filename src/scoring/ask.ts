import { failureOfModel } from '../answers/failure-of-model.ts';
import { Throttled } from '../aws/retry.ts';
import type { RequestForm } from '../manifest/asking.ts';
import { writesOf } from '../world.ts';
import { type Answer, type Reading, readAnswer } from './response.ts';
import type { Endpoint } from './site.ts';

/** The way to a model: of the world, or to one that serves elsewhere by the same contract. */
export interface Way {
  readonly write?: { readonly runtime: { readonly invokeEndpoint: Invoke } };
}

/** @throws a `ModelError` for an error of the model, {Throttled} when no answer could be had */
export type Invoke = (input: {
  readonly EndpointName: string;
  readonly TargetVariant?: string;
  readonly Body: Buffer;
  readonly ContentType: string;
  readonly Accept?: string;
}) => Promise<{
  readonly Body?: Uint8Array | undefined;
  readonly ContentType?: string | undefined;
  readonly durationMs: number;
}>;

/** One row's request. */
export interface Question {
  readonly id: string;
  readonly body: Buffer;
}

/** Both models' answers to one row; null: no answer could be had, whatever the model. */
export interface Answered {
  readonly id: string;
  readonly candidate?: Answer | null;
  readonly baseline?: Answer | null;
  /** Of some rows: the answers to the same request, sent a second time. */
  readonly again?: { readonly candidate?: Answer | null; readonly baseline?: Answer | null };
}

export interface Asked {
  readonly candidate?: Endpoint;
  readonly baseline?: Endpoint;
}

/**
 * Sends the questions to both models, each question to the one and the other at about the same time, so that both answer in the same
 * minutes. Answers come in the order of the questions.
 * @throws {Throttled} when no question had an answer
 */
export const ask = async (
  world: Way,
  questions: readonly Question[],
  { candidate, baseline }: Asked,
  {
    form,
    reading,
    concurrency,
  }: { readonly form: RequestForm; readonly reading: Reading; readonly concurrency: number },
): Promise<readonly Answered[]> => {
  const answers: Answered[] = [];
  let next = 0;
  let failure: Throttled | undefined;
  const one = async (question: Question, of: Endpoint): Promise<Answer | null> => {
    try {
      return await invoke(world, question, of, form, reading);
    } catch (error) {
      if (!(error instanceof Throttled)) throw error;
      failure = error;
      return null;
    }
  };
  const work = async (): Promise<void> => {
    for (let at = next++; at < questions.length; at = next++) {
      const question = questions[at];
      if (question === undefined) return;
      const [ours, theirs] = await Promise.all([
        candidate && one(question, candidate),
        baseline && one(question, baseline),
      ]);
      answers[at] = {
        id: question.id,
        ...(ours === undefined ? {} : { candidate: ours }),
        ...(theirs === undefined ? {} : { baseline: theirs }),
      };
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, questions.length) }, work));
  // No question had an answer: AWS is out of reach, and the turn waits.
  const none = answers.every(({ candidate: ours, baseline: theirs }) => (ours ?? theirs ?? null) === null);
  if (failure !== undefined && none) throw failure;
  return answers;
};

/** The model's answer; its errors are answers too. */
const invoke = async (
  world: Way,
  { body }: Question,
  { endpoint, variant }: Endpoint,
  { contentType, accept }: RequestForm,
  reading: Reading,
): Promise<Answer> => {
  try {
    const output = await writesOf(world).runtime.invokeEndpoint({
      EndpointName: endpoint,
      Body: body,
      ContentType: contentType,
      ...(accept === undefined ? {} : { Accept: accept }),
      ...(variant === undefined ? {} : { TargetVariant: variant }),
    });
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
