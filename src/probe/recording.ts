import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import type { Readings } from './observation.ts';
import type { Question } from './question.ts';
import type { Exchange } from './recorder.ts';
import type { Given } from './world.ts';

/** The answers of one run. It names no account, bucket, role or image, and has no body of a request or an answer. */
export interface Recording {
  readonly version: 1;
  /** Who answered. */
  readonly by: 'aws' | 'simulator';
  readonly suite: string;
  readonly at: string;
  readonly region: string;
  readonly instance: string;
  readonly asked: readonly Asked[];
}

export interface Asked {
  readonly id: string;
  readonly seconds: number;
  /** The observation, as the question's `read` takes it; absent when the question was given up. */
  readonly seen?: object;
  /** Why it was given up. */
  readonly undecided?: string;
  readonly exchanges: readonly Exchange[];
}

/** The settings that one answer decides, read again from its observation. */
export const readingsOf = ({ seen }: Asked, { read, decides }: Question): Readings =>
  seen === undefined
    ? {}
    : Object.fromEntries(
        Object.entries(read(seen)).filter(([setting, reading]) => decides.includes(setting) && reading !== undefined),
      );

/** Without the user's names, the run's, and every account and identity. */
export const masked = <Value>(value: Value, given: Given, run: string): Value => {
  const words: readonly (readonly [string, string])[] = [
    [given.modelData, '<model-data>'],
    [given.role, '<role>'],
    ...(given.pipelineRole === undefined ? [] : [[given.pipelineRole, '<pipeline-role>'] as const]),
    [given.image, '<image>'],
    // A description names the image by its digest, too.
    [given.image.replace(/(@sha256:[0-9a-f]{64}|:[^/:]+)$/, ''), '<image>'],
    [given.bucket, '<bucket>'],
    [run, '<run>'],
  ];
  const plain = (text: string): string =>
    words
      .reduce((rest, [word, mask]) => rest.replaceAll(word, mask), text)
      // Who asked stands in AWS's refusals; other ARNs and URLs name the account.
      .replace(/arn:aws[a-z-]*:(iam|sts)::[^\s"']+/g, '<identity>')
      .replace(/sha256:[0-9a-f]{64}/g, '<digest>')
      .replace(/(?<!\d)\d{12}(?!\d)/g, '<account>');
  const within = (one: unknown): unknown => {
    if (typeof one === 'string') return plain(one);
    if (Array.isArray(one)) return one.map(within);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [plain(name), within(member)]));
  };
  return within(value) as Value;
};

/** @throws {InputError} naming the file */
export const readRecording = (text: string, source: string): Recording => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${source}: is not JSON; expected a recording that \`probe\` wrote`);
  }
  if (!isRecording(value)) throw new InputError(`${source}: is not a recording that \`probe\` wrote (version 1)`);
  const strange = value.asked.find((one) => typeof one?.id !== 'string' || !Array.isArray(one.exchanges));
  if (strange !== undefined) throw new InputError(`${source}: the answer ${quoted(String(strange?.id))} is incomplete`);
  return value;
};

const isRecording = (value: unknown): value is Recording =>
  typeof value === 'object' &&
  value !== null &&
  'version' in value &&
  value.version === 1 &&
  'asked' in value &&
  Array.isArray(value.asked);
