import * as z from 'zod/mini';
import { classify, orUndefined } from '../aws/errors.ts';
import { type Instant, minutes } from '../clock.ts';
import type { RequestForm } from '../manifest/asking.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { type World, writesOf } from '../world.ts';
import { rowsOfPiece } from './answers.ts';
import type { Question, Side } from './ask.ts';
import { keepOnce } from './keep-once.ts';
import { readKept } from './read-kept.ts';
import { type Answer, type Reading, readAnswer } from './response.ts';
import type { Endpoint } from './site.ts';

/**
 * Requests to asynchronous endpoints: the body lies in S3, the answer appears in S3 later. What was sent is kept in
 * `<subject>/<attempt>/async/<side>/000001.json`, so that a later turn, or another run, collects the answers and sends nothing twice. Where
 * AWS took no more requests in the middle of a piece, the rest is in `000001-2.json`.
 */
interface Sent {
  readonly id: string;
  readonly sentAt: Instant;
  readonly output: string;
  readonly failure?: string | undefined;
}

const sentSchema = z.array(
  z.object({ id: z.string(), sentAt: z.number(), output: z.string(), failure: z.optional(z.string()) }),
);

export interface Queue {
  readonly side: Side;
  readonly endpoint: Endpoint;
  readonly folder: S3Location;
  readonly attempt: number;
}

const folderOf = ({ folder, attempt, side }: Queue): string => `${folder.prefix}${attempt}/async/${side}/`;
const sentKey = (queue: Queue, piece: number, part: number): string =>
  `${folderOf(queue)}${String(piece + 1).padStart(6, '0')}${part === 1 ? '' : `-${part}`}.json`;

const mostBytes = 64 * 1024 * 1024;
const list = { schema: sentSchema, mostBytes, is: 'no list of sent requests' };

/** The requests of a piece that were sent, in the order of its rows, and in how many parts they are kept. */
const sentOf = async (
  world: World,
  queue: Queue,
  piece: number,
  rows: number,
): Promise<{ readonly sent: readonly Sent[]; readonly parts: number }> => {
  const sent: Sent[] = [];
  for (let parts = 0; ; parts++) {
    const more =
      sent.length < rows ? await readKept(world, queue.folder, sentKey(queue, piece, parts + 1), list) : undefined;
    if (more === undefined) return { sent, parts };
    sent.push(...more);
  }
};

/** Sends the requests of a piece that were not sent before. */
export const send = async (
  world: World,
  queue: Queue,
  piece: number,
  questions: readonly Question[],
  { contentType, accept }: RequestForm,
): Promise<void> => {
  const { sent, parts } = await sentOf(world, queue, piece, questions.length);
  if (sent.length >= questions.length) return;
  const { runtime } = writesOf(world);
  const { bucket: Bucket } = queue.folder;
  const now: Sent[] = [];
  const keep = (): Promise<void> =>
    keepOnce(world, queue.folder, sentKey(queue, piece, parts + 1), JSON.stringify(now), 'application/json');
  try {
    for (const [at, { id, body }] of questions.entries()) {
      if (at < sent.length) continue;
      const Key = `${folderOf(queue)}requests/${piece * rowsOfPiece + at + 1}`;
      await keepOnce(world, queue.folder, Key, body, contentType);
      const { OutputLocation: output = '', FailureLocation: failure } = await runtime.invokeEndpointAsync({
        EndpointName: queue.endpoint.endpoint,
        InputLocation: `s3://${Bucket}/${Key}`,
        ContentType: contentType,
        ...(accept === undefined ? {} : { Accept: accept }),
      });
      now.push({ id, sentAt: world.clock.now(), output, failure });
    }
  } catch (error) {
    if (now.length > 0) await keep();
    throw error;
  }
  await keep();
};

/** A model may take fifteen minutes, and wait behind others (AWS: InvokeEndpointAsync, InvocationTimeoutSeconds). */
const patience = minutes(60);

/**
 * The answers of a piece, in the order of its rows; null: none within an hour from its sending.
 * @returns undefined while some are not there
 */
export const collect = async (
  world: World,
  queue: Queue,
  piece: number,
  questions: readonly Pick<Question, 'reading'>[],
  { accept }: RequestForm,
): Promise<readonly (Answer | null)[] | undefined> => {
  const { sent } = await sentOf(world, queue, piece, questions.length);
  if (sent.length < questions.length) return undefined;
  const found: (Answer | null)[] = [];
  for (const [at, { sentAt, output, failure }] of sent.entries()) {
    const { [at]: question } = questions;
    if (question === undefined) break;
    const isOver = world.clock.now() >= sentAt + patience;
    const answer = await answerAt(world, { output, failure, isOver, accept }, question.reading);
    if (answer === undefined && !isOver) return undefined;
    found.push(answer ?? null);
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
