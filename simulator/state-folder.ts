import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Instant } from './contracts.ts';
import { requestOf } from './server.ts';
import type { WireRequest } from './wire.ts';

/**
 * A run in a folder: the options that it began with, and each request that changed something, in the order in which they were carried
 * out. `kept-run.ts` carries them out again. The one file `journal` is a row of frames: a line of JSON, the bytes of a body, a line feed.
 * A frame is written before its caller gets an answer; a frame that the end of the process cut off belongs to a request without an answer.
 */
export interface StateFolder {
  /** The instant at which the first run began. */
  readonly beganAt: Instant;
  /** Those of earlier runs, oldest first; read once, before the first `append`. @throws {StateRefused} when one cannot be read */
  entries(): Iterable<Entry>;
  append(entry: Entry): void;
  close(): void;
}

export interface Entry {
  /** The time when the request was carried out; without a request, a time that was seen. */
  readonly at: Instant;
  /** Whether time was moved since the entry before, if only to the same instant. */
  readonly moved: boolean;
  readonly kept?: {
    /** Of all requests, also those that are not kept: ids are made of it. */
    readonly number: number;
    /** `sagemaker CreateEndpoint` */
    readonly call: string;
    readonly request: WireRequest;
    /** The digest of the answer. */
    readonly answer: string;
  };
}

/** The folder cannot be taken up with these options, or by this version. */
export class StateRefused extends Error {}

interface Begin {
  readonly format: 1;
  readonly beganAt: Instant;
  /** By the name of each option, as JSON. */
  readonly options: Readonly<Record<string, string>>;
}

/**
 * Takes up the run of the folder, or begins one in a folder that is empty or missing.
 * @param options all that decides over the run, by name, as JSON
 * @throws {StateRefused} before anything is changed
 */
export const openStateFolder = (
  folder: string,
  options: Readonly<Record<string, string>>,
  now: Instant,
): StateFolder => {
  try {
    const isNew = !existsSync(folder);
    const [other] = isNew ? [] : readdirSync(folder).filter((name) => name !== journal && name !== owner);
    if (other !== undefined)
      throw new StateRefused(`holds ${other}, which is no state of a simulator; name an empty folder`);
    mkdirSync(folder, { recursive: true });
    const release = own(join(folder, owner));
    const file = join(folder, journal);
    let fd: number | undefined;
    try {
      const opened = openSync(file, 'a+');
      fd = opened;
      const close = (): void => {
        const isEmpty = fstatSync(opened).size === 0;
        closeSync(opened);
        if (isEmpty) rmSync(file);
        release();
        if (isEmpty && isNew) rmdirSync(folder);
      };
      return { ...openJournal(opened, options, now), close };
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      release();
      throw error;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new StateRefused(`cannot be used: ${(error as Error).message}`);
  }
};

const journal = 'journal';
const owner = 'pid';

const openJournal = (
  fd: number,
  options: Readonly<Record<string, string>>,
  now: Instant,
): Omit<StateFolder, 'close'> => {
  const end = fstatSync(fd).size;
  const first = frameAt(fd, 0, end);
  const begin: Begin = (first?.header as Begin | undefined) ?? { format: 1, beganAt: now, options };
  if (begin.format !== 1)
    throw new StateRefused('was written by another version of the simulator; name an empty folder');
  for (const name of new Set([...Object.keys(options), ...Object.keys(begin.options)])) {
    const [then, here] = [begin.options[name], options[name]];
    if (then === here) continue;
    throw new StateRefused(
      isLong(then) && isLong(here)
        ? `was begun with another --${name}`
        : `was begun with ${shown(name, then)}, and not with ${shown(name, here)}`,
    );
  }
  return {
    beganAt: begin.beganAt,
    *entries() {
      if (first === undefined) {
        // A run of which not even the beginning was written.
        ftruncateSync(fd, 0);
        return writeFrame(fd, begin, none);
      }
      let position = first.next;
      for (let frame = frameAt(fd, position, end); frame !== undefined; frame = frameAt(fd, position, end)) {
        yield entryOf(frame);
        position = frame.next;
      }
      ftruncateSync(fd, position);
    },
    append({ at, moved, kept }) {
      if (kept === undefined) return writeFrame(fd, { at, moved }, none);
      const { request, ...rest } = kept;
      const { method, path, headers } = request;
      const query = (request.presigned ?? request.query).toString();
      writeFrame(fd, { at, moved, ...rest, method, path, query, headers }, request.sentBody ?? request.body);
    },
  };
};

const none = Buffer.alloc(0);

const isLong = (value: string | undefined): boolean => value !== undefined && value.length > 200;
const shown = (name: string, value: string | undefined): string =>
  value === undefined ? `no --${name}` : isLong(value) ? `a --${name}` : `--${name} ${value}`;

interface Frame {
  readonly header: object;
  readonly body: Buffer;
  readonly next: number;
}

const writeFrame = (fd: number, header: object, body: Buffer): void => {
  const parts = [Buffer.from(`${JSON.stringify({ ...header, bytes: body.length })}\n`), body, Buffer.from('\n')];
  for (let left = parts; left.length > 0; ) left = behind(left, writevSync(fd, left));
};

/** A large write may end early. */
const behind = (parts: readonly Buffer[], written: number): Buffer[] => {
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  return written < first.length ? [first.subarray(written), ...rest] : behind(rest, written - first.length);
};

/** Undefined: the file ends before the frame does. */
const frameAt = (fd: number, position: number, end: number): Frame | undefined => {
  const line = lineAt(fd, position, end);
  if (line === undefined) return undefined;
  const header = headerOf(line, position);
  const begin = position + line.length + 1;
  const next = begin + header.bytes + 1;
  return next > end ? undefined : { header, body: bytesAt(fd, begin, header.bytes), next };
};

const headerOf = (line: Buffer, position: number): { readonly bytes: number } => {
  try {
    const header = JSON.parse(line.toString('utf8'));
    if (Number.isSafeInteger(header.bytes)) return header;
  } catch {
    // The same refusal.
  }
  throw new StateRefused(
    `is damaged: its file ${journal} cannot be read from byte ${position} on; name an empty folder`,
  );
};

const lineAt = (fd: number, position: number, end: number): Buffer | undefined => {
  for (let size = 4096; ; size *= 4) {
    const bytes = bytesAt(fd, position, Math.min(size, end - position));
    const length = bytes.indexOf('\n');
    if (length >= 0) return bytes.subarray(0, length);
    if (position + bytes.length >= end) return undefined;
  }
};

const bytesAt = (fd: number, position: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const more = readSync(fd, bytes, read, length - read, position + read);
    if (more === 0) break;
    read += more;
  }
  return bytes.subarray(0, read);
};

type Sent = Parameters<typeof requestOf>[0];
const entryOf = ({ header, body }: Frame): Entry => {
  const { at, moved, number, call, answer, ...sent } = header as Omit<Sent, 'body'> &
    Pick<Entry, 'at' | 'moved'> &
    Partial<Omit<NonNullable<Entry['kept']>, 'request'>>;
  return number === undefined || call === undefined || answer === undefined
    ? { at, moved }
    : { at, moved, kept: { number, call, answer, request: requestOf({ ...sent, body }) } };
};

/** One process at a time. A process that was killed leaves its id behind. */
const own = (file: string): (() => void) => {
  for (let tries = 0; ; tries++)
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 0) throw error;
      const pid = Number(readFileSync(file, 'utf8'));
      if (isAlive(pid))
        throw new StateRefused(`is in use by the process ${pid}; if that is no simulator, remove ${file}`);
      rmSync(file, { force: true });
    }
};

const isAlive = (pid: number): boolean => {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
