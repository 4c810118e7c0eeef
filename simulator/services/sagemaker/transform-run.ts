import { gunzipSync } from 'node:zlib';
import { assembled, FileFailed, payloadsOf, type Recipe } from './transform-records.ts';

export interface InputFile {
  /** Below the prefix of the job's input. */
  readonly name: string;
  readonly body: Buffer;
}
/** The containers' answer to one request. */
export type Invoke = (body: Buffer) => {
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string;
  readonly latencyMs: number;
};
export interface Work {
  readonly recipe: Recipe;
  readonly isGzipped: boolean;
  readonly instances: number;
  /** Requests at once to each instance. */
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retries: number;
}
export interface Done {
  readonly durationMs: number;
  readonly outputs: readonly InputFile[];
  /** Of the first file that failed. */
  readonly failure?: FileFailed;
}

const opened = (body: Buffer, isGzipped: boolean): Buffer => {
  if (!isGzipped) return body;
  try {
    return gunzipSync(body);
  } catch {
    throw new FileFailed('client', 'the input is not compressed with gzip');
  }
};

/** The instant at which each place of an instance is free again. */
const earliest = (instance: readonly number[]): number => Math.min(...instance);
const occupy = (instance: number[], ms: number): void => {
  const place = instance.indexOf(earliest(instance));
  instance[place] = (instance[place] ?? 0) + ms;
};

/**
 * All files of a job, each on one instance and its payloads side by side. A file fails as a whole, and the others go on (AWS:
 * "Troubleshooting", batch transform).
 */
export const transformed = (files: readonly InputFile[], work: Work, invoke: Invoke): Done => {
  const { recipe, isGzipped, instances, concurrency, timeoutMs, retries } = work;
  const places = Array.from({ length: instances }, () => Array.from({ length: concurrency }, () => 0));

  /** A mistake of the caller is not repeated, a failure of the model is. @throws {FileFailed} */
  const answerTo = (body: Buffer, instance: number[]): ReturnType<Invoke> => {
    for (let retriesLeft = retries; ; retriesLeft--) {
      const answer = invoke(body);
      occupy(instance, Math.min(answer.latencyMs, timeoutMs));
      const isLate = answer.latencyMs > timeoutMs;
      if (!isLate && answer.status >= 200 && answer.status <= 299) return answer;
      if (!isLate && answer.status < 500) throw new FileFailed('client', `the container answered ${answer.status}`);
      if (retriesLeft === 0) throw new FileFailed('algorithm', 'the container failed');
    }
  };

  const outputs: InputFile[] = [];
  const failures: FileFailed[] = [];
  for (const { name, body } of files) {
    const instance = places.reduce((one, other) => (earliest(other) < earliest(one) ? other : one));
    try {
      const payloads = payloadsOf(opened(body, isGzipped), recipe);
      const answers = payloads.map((payload) => answerTo(payload.body, instance));
      outputs.push({ name: `${name}.out`, body: assembled(payloads, answers, recipe) });
    } catch (error) {
      if (!(error instanceof FileFailed)) throw error;
      failures.push(error);
    }
  }
  const [failure] = failures;
  return { durationMs: Math.max(...places.flat()), outputs, ...(failure === undefined ? {} : { failure }) };
};
