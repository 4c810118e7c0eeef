import { allPages } from '../aws/pages.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { readJson, UnreadableText } from '../release/stored-json.ts';
import type { World } from '../world.ts';
import type { Answered } from './ask.ts';
import { keepOnce } from './keep-once.ts';

/**
 * The answers of one attempt, kept in pieces: `<subject>/<attempt>/rows/000001.jsonl`. A piece is written once. Runs that
 * ask for the same rows meet in it, and a run that was killed left the finished ones.
 */
/** Asked whole within a turn. At 60 seconds an answer, four at a time, it takes seven minutes; a turn of a job worker has twelve. */
export const rowsOfPiece = 25;

export const piecesOf = (rows: number): number => Math.ceil(rows / rowsOfPiece);

const folderOf = ({ prefix }: S3Location, attempt: number): string => `${prefix}${attempt}/rows/`;

/** From 0. */
const keyOf = (folder: S3Location, attempt: number, piece: number): string =>
  `${folderOf(folder, attempt)}${String(piece + 1).padStart(6, '0')}.jsonl`;

/** The pieces there are. */
export const keptPieces = async (world: World, folder: S3Location, attempt: number): Promise<ReadonlySet<number>> => {
  const Prefix = folderOf(folder, attempt);
  const pages = await allPages('s3:ListObjectsV2', (ContinuationToken) =>
    world.read.s3
      .listObjectsV2({
        Bucket: folder.bucket,
        Prefix,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      })
      .then((page) => ({ ...page, NextToken: page.NextContinuationToken })),
  );
  return new Set(
    pages.flatMap(({ Contents }) =>
      (Contents ?? []).flatMap(({ Key }) => {
        const number = /^(\d{6})\.jsonl$/.exec(Key?.slice(Prefix.length) ?? '')?.[1];
        return number === undefined ? [] : Number(number) - 1;
      }),
    ),
  );
};

export const keepPiece = (
  world: World,
  folder: S3Location,
  attempt: number,
  piece: number,
  answers: readonly Answered[],
): Promise<void> =>
  keepOnce(
    world,
    folder,
    keyOf(folder, attempt, piece),
    answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''),
    'application/jsonlines',
  );

/** Texts may be long. */
const mostBytes = 64 * 1024 * 1024;

/** @throws {Refusal} `record-unavailable` when a piece is no piece of answers */
export const readPiece = async (
  world: World,
  folder: S3Location,
  attempt: number,
  piece: number,
): Promise<readonly Answered[]> => {
  const Key = keyOf(folder, attempt, piece);
  const { text } = await world.read.s3.getObject({ Bucket: folder.bucket, Key }, mostBytes);
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => answered(readJson(line)));
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    throw new Refusal(
      'record-unavailable',
      `s3://${folder.bucket}/${Key} ${error.message}: no answers of a regression test; delete it, then run regression-test again`,
    );
  }
};

const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAnswer = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (isMembers(value) && ('prediction' in value || typeof value['error'] === 'string'));

const answered = (value: unknown): Answered => {
  if (
    !isMembers(value) ||
    typeof value['id'] !== 'string' ||
    !isAnswer(value['candidate']) ||
    !isAnswer(value['baseline'])
  )
    throw new UnreadableText('has a line that is no answer');
  return value as unknown as Answered;
};
