import * as z from 'zod/mini';
import { classify, orUndefined } from '../aws/errors.ts';
import { type Instant, minutes } from '../clock.ts';
import type { RequestForm } from '../manifest/asking.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { readJson, UnreadableText } from '../release/stored-json.ts';
import { type World, writesOf } from '../world.ts';
import { rowsOfPiece } from './answers.ts';
import type { Question } from './ask.ts';
import { keepOnce } from './keep-once.ts';
import { type Answer, type Reading, readAnswer } from './response.ts';
import type { Endpoint } from './site.ts';

/**
 * Requests to asynchronous endpoints: the body lies in S3, the answer appears in S3 later. What was sent is kept in
 * `<subject>/<attempt>/async/<side>/000001.json`, so that a later turn, or another run, collects the answers and sends nothing twice.
 */
interface Sent {
  readonly sentAt: Instant;
  readonly answers: readonly { readonly id: string; readonly output: string; readonly failure?: string | undefined }[];
}

const sentSchema = z.object({
  sentAt: z.number(),
  answers: z.array(z.object({ id: z.string(), output: z.string(), failure: z.optional(z.string()) })),
});

export interface Queue {
  readonly side: 'candidate' | 'baseline';
  readonly endpoint: Endpoint;
  readonly folder: S3Location;
  readonly attempt: number;
}

const folderOf = ({ folder, attempt, side }: Queue): string => `${folder.prefix}${attempt}/async/${side}/`;
const sentKey = (queue: Queue, piece: number): string => `${folderOf(queue)}${String(piece + 1).padStart(6, '0')}.json`;

const mostBytes = 64 * 1024 * 1024;

const sentOf = async (world: World, queue: Queue, piece: number): Promise<Sent | undefined> => {
  const [Bucket, Key] = [queue.folder.bucket, sentKey(queue, piece)];
  const found = await orUndefined(world.read.s3.getObject({ Bucket, Key }, mostBytes));
  if (found === undefined) return undefined;
  try {
    const sent = sentSchema.safeParse(readJson(found.text));
    if (sent.success) return sent.data;
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
  }
  throw new Refusal(
    'record-unavailable',
    `s3://${Bucket}/${Key} is no list of sent requests; delete it, then run regression-test again`,
  );
};

/** Sends the requests of a piece, unless they were sent. @returns whether it sent any */
export const send = async (
  world: World,
  queue: Queue,
  piece: number,
  questions: readonly Question[],
  { contentType, accept }: RequestForm,
): Promise<boolean> => {
  if ((await sentOf(world, queue, piece)) !== undefined) return false;
  const { runtime } = writesOf(world);
  const { bucket: Bucket } = queue.folder;
  const answers: Sent['answers'][number][] = [];
  for (const [at, { id, body }] of questions.entries()) {
    const Key = `${folderOf(queue)}requests/${piece * rowsOfPiece + at + 1}`;
    await keepOnce(world, queue.folder, Key, body, contentType);
    const { OutputLocation: output = '', FailureLocation: failure } = await runtime.invokeEndpointAsync({
      EndpointName: queue.endpoint.endpoint,
      InputLocation: `s3://${Bucket}/${Key}`,
      ContentType: contentType,
      ...(accept === undefined ? {} : { Accept: accept }),
    });
    answers.push({ id, output, failure });
  }
  const sent = JSON.stringify({ sentAt: world.clock.now(), answers } satisfies Sent);
  await keepOnce(world, queue.folder, sentKey(queue, piece), sent, 'application/json');
  return true;
};

/** A model may take fifteen minutes, and wait behind others (AWS: InvokeEndpointAsync, InvocationTimeoutSeconds). */
const patience = minutes(60);

/**
 * The answers of a piece, by the id of the row; null: none within the hour.
 * @returns undefined while some are not there
 */
export const collect = async (
  world: World,
  queue: Queue,
  piece: number,
  { accept }: RequestForm,
  reading: Reading,
): Promise<ReadonlyMap<string, Answer | null> | undefined> => {
  const sent = await sentOf(world, queue, piece);
  if (sent === undefined) return undefined;
  const isOver = world.clock.now() >= sent.sentAt + patience;
  const found = new Map<string, Answer | null>();
  for (const { id, output, failure } of sent.answers) {
    const answer = await answerAt(world, { output, failure, isOver, accept }, reading);
    if (answer === undefined && !isOver) return undefined;
    found.set(id, answer ?? null);
  }
  return found;
};

interface Places {
  readonly output: string;
  readonly failure: string | undefined;
  /** Nothing is waited for any more. */
  readonly isOver: boolean;
  readonly accept?: string | undefined;
}

const answerAt = async (
  world: World,
  { output, failure, isOver, accept = '' }: Places,
  reading: Reading,
): Promise<Answer | undefined> => {
  const answered = await objectAt(world, output, isOver);
  if (answered !== undefined) return readAnswer({ body: Buffer.from(answered), contentType: accept }, reading);
  return failure !== undefined && (await objectAt(world, failure, isOver)) !== undefined
    ? { error: 'the model failed' }
    : undefined;
};

/**
 * Without s3:ListBucket an absent object is forbidden: it may come.
 * @throws {Refusal} `access-denied` when it has not come
 */
const objectAt = async (world: World, uri: string, isOver: boolean): Promise<string | undefined> => {
  const place = parseS3Location(uri);
  if (place === undefined) return undefined;
  try {
    return (await orUndefined(world.read.s3.getObject({ Bucket: place.bucket, Key: place.key }, mostBytes)))?.text;
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    if (!isOver) return undefined;
    throw new Refusal(
      'access-denied',
      `no answer of an asynchronous endpoint can be read at ${uri}: grant s3:GetObject on it, and s3:ListBucket on ${place.bucket}, without which S3 does not tell an absent answer from a forbidden one`,
    );
  }
};
