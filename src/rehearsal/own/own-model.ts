import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Container, Serve } from '../../../simulator/contracts.ts';
import { counted, percent } from '../../judge/amounts.ts';
import { shellWord } from '../../plain-text.ts';
import { printedLine } from '../../report/result.ts';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';

/** The user's own models, a command that serves them, and requests that they understand. */
export interface OwnModel {
  readonly command: string;
  /** Gzip-compressed tars. */
  readonly candidate: Buffer;
  readonly baseline: Buffer;
  readonly requests: readonly Buffer[];
  readonly contentType: string;
}

export interface OwnModelInputs {
  readonly serve?: string | undefined;
  readonly model?: string | undefined;
  readonly 'baseline-model'?: string | undefined;
  readonly requests?: string | undefined;
  readonly 'content-type'?: string | undefined;
}

/** @throws {InputError} for a file that cannot be read, and where one of the three that belong together is missing */
export const readOwnModel = (given: OwnModelInputs): OwnModel | undefined => {
  const { serve, model, requests, 'baseline-model': before, 'content-type': contentType } = given;
  if ([serve, model, requests, before, contentType].every((value) => value === undefined)) return undefined;
  if (serve === undefined || model === undefined || requests === undefined)
    throw new InputError(
      '--serve, --model and --requests belong together: a command, the model that it serves, and the requests that the model understands',
    );
  const candidate = archiveAt('model', model);
  return {
    command: serve,
    candidate,
    // Of the same content, in other bytes: a version that is registered twice is one version. A gzip file may have several members (RFC 1952, 2.2).
    baseline: before === undefined ? Buffer.concat([candidate, gzipSync('')]) : archiveAt('baseline-model', before),
    requests: linesOf(requests),
    contentType: contentType ?? 'text/csv',
  };
};

const read = (input: string, path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${input}: ${quoted(path)} cannot be read: ${(error as Error).message}`);
  }
};

const archiveAt = (input: string, path: string): Buffer => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const shown = quoted(path);
    // A value that may be a secret is in no message.
    const folder = shown.includes(path) ? shellWord(path) : '<folder>';
    throw new InputError(
      `${input}: ${shown} is a folder; expected a gzip-compressed tar of its content: tar -czf model.tar.gz -C ${folder} .`,
    );
  }
  const content = read(input, path);
  if (content[0] !== 0x1f || content[1] !== 0x8b)
    throw new InputError(`${input}: ${quoted(path)} is no gzip-compressed tar; expected a model.tar.gz`);
  return content;
};

const linesOf = (path: string): readonly Buffer[] => {
  const lines = read('requests', path)
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new InputError(`requests: ${quoted(path)} has no line; expected one request on each`);
  return lines.map((line) => Buffer.from(line));
};

/** What the containers of one model answered. */
interface Answers {
  readonly statuses: Map<number, number>;
  slowestMs: number;
  largestBytes: number;
  /** Requests without an answer in time: all of them, and those since the last answer. */
  late: number;
  lateInARow: number;
  /** Requests that were not sent any more. */
  unsent: number;
}

/** "Model containers must respond to requests within 60 seconds" (AWS: InvokeEndpoint). */
const longestMs = 60_000;
/** Each of them takes a minute of a person's time. A server that answers in between is given more of them. */
const mostLateInARow = 3;
const mostLate = 10;

const givenUp = ({ late, lateInARow }: Answers): boolean => lateInARow >= mostLateInARow || late >= mostLate;

/**
 * A server whose answers are counted, by the identity of the model. Requests to one that hangs fail from then on without being sent, as
 * those before them did.
 * @param versions by their numbers in the group: `1.0.0` is the first
 */
export const counting = (
  serve: Serve,
  versions: readonly string[],
): { readonly serve: Serve; lines(): readonly string[] } => {
  const all = new Map<string, Answers>();
  return {
    serve: (model) => {
      const container = serve(model);
      const answers = all.get(model.identity) ?? {
        ...{ statuses: new Map(), slowestMs: 0, largestBytes: 0 },
        ...{ late: 0, lateInARow: 0, unsent: 0 },
      };
      all.set(model.identity, answers);
      const invoke: Container['invoke'] = (...request) => {
        if (givenUp(answers)) {
          answers.unsent++;
          return { status: 500, body: Buffer.alloc(0), contentType: 'text/plain', latencyMs: longestMs };
        }
        const answer = container.invoke(...request);
        const isLate = answer.latencyMs >= longestMs;
        answers.lateInARow = isLate ? answers.lateInARow + 1 : 0;
        if (isLate) answers.late++;
        answers.statuses.set(answer.status, (answers.statuses.get(answer.status) ?? 0) + 1);
        answers.slowestMs = Math.max(answers.slowestMs, answer.latencyMs);
        answers.largestBytes = Math.max(answers.largestBytes, answer.body.length);
        return answer;
      };
      return { ...container, invoke };
    },
    lines: () =>
      versions.flatMap((version, index) => {
        const [, answers] = [...all].find(([identity]) => identity.endsWith(`/${index + 1}`)) ?? [];
        return answers === undefined ? [`${version} was never started`] : linesOfAnswers(version, answers);
      }),
  };
};

/** `1.1.0 answered 1200 requests: 99.5 % with 200, 0.5 % with 500; the slowest took 35 ms, the largest answer had 12 bytes`. */
const linesOfAnswers = (version: string, answers: Answers): readonly string[] => {
  const { statuses, slowestMs, largestBytes, late, unsent } = answers;
  const total = [...statuses.values()].reduce((sum, one) => sum + one, 0);
  if (total === 0) return [`${version} was asked nothing`];
  const sorted = [...statuses].toSorted(([one], [other]) => one - other);
  const shares = sorted.map(([status, times]) => `${percent(times / total)} with ${status}`);
  const refused = sorted.reduce((sum, [status, times]) => sum + (status >= 400 && status < 500 ? times : 0), 0) / total;
  return [
    `${version} answered ${counted(total, 'request')}: ${shares.join(', ')}; the slowest took ${Math.round(slowestMs)} ms, the largest answer had ${counted(largestBytes, 'byte')}`,
    ...(givenUp(answers)
      ? [
          `${version} hangs: ${counted(late, 'request')} had no answer within 60 s, after which SageMaker gives up; ${counted(unsent, 'more request')} counted as failed without being sent`,
        ]
      : []),
    ...(refused < 0.2
      ? []
      : [
          `note: ${version} refused ${percent(refused)} of the requests as mistakes of their callers (4xx), which no alarm counts: compare --requests and --content-type with what it reads`,
        ]),
  ];
};

/** Lines of the command on the terminal, in all; its file has every one. */
const mostPrinted = 20;
const pieceBytes = 64 * 1024;

/** The output of the user's command: the beginning of it on the terminal, all of it in a file. */
export const printedBy = (file: string, say: (line: string) => void) => {
  let printed = 0;
  return {
    /** Whole lines that it has printed since the last time. */
    news: (): void => {
      const lines = readOutput(file).first.slice(printed, mostPrinted);
      printed += lines.length;
      for (const line of lines) say(printedLine(line));
    },
    /** @returns a sentence about the lines that the terminal does not have, if any */
    rest: (): readonly string[] => {
      const left = readOutput(file).count - printed;
      return left > 0 ? [`… ${counted(left, 'more line')} of your command in ${relative('.', file)}`] : [];
    },
  };
};

/** A log may be larger than memory: only its first piece is kept. */
const readOutput = (file: string): { readonly first: readonly string[]; readonly count: number } => {
  if (!existsSync(file)) return { first: [], count: 0 };
  const piece = Buffer.alloc(pieceBytes);
  const descriptor = openSync(file, 'r');
  let first: readonly string[] | undefined;
  let count = 0;
  try {
    for (let bytes = readSync(descriptor, piece); bytes > 0; bytes = readSync(descriptor, piece)) {
      const read = piece.subarray(0, bytes);
      first ??= read.toString('utf8').split(/\r?\n/).slice(0, -1);
      for (let at = read.indexOf(10); at >= 0; at = read.indexOf(10, at + 1)) count++;
    }
    return { first: first ?? [], count };
  } finally {
    closeSync(descriptor);
  }
};
