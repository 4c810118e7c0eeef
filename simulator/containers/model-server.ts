import type { Container } from '../contracts.ts';
import { type Archive, readArchive } from './archive.ts';
import { type Classifier, classify, type Prediction } from './classifier.ts';
import { type Nondeterminism, wavering } from './nondeterminism.ts';
import { answerType, BadPayload, readRows, readTexts, writePredictions } from './payload.ts';
import type { Publish } from './publisher.ts';
import { classifyText, type WordModel } from './words.ts';

/** `inference.json` beside the model: how the serving code of this version behaves. Virtual milliseconds. */
export interface Inference {
  /** False: `/ping` never answers 200. */
  readonly healthy: boolean;
  /** Share of bodies, chosen by a hash of their bytes, on which the serving code fails with a 500. */
  readonly failingShare: number;
  /** A leak: nothing fails before this many requests have been answered since the container started. */
  readonly failsAfter?: number;
  /** A request takes `baseMs` plus up to `spreadMs`, by the same hash: declared, so that runs repeat exactly. */
  readonly baseMs: number;
  readonly spreadMs: number;
  /** Share of bodies, by another hash, that take `tailMs` longer. */
  readonly tailShare?: number;
  readonly tailMs?: number;
  /** Every request takes this many times as long as the members above say; 1 without it. */
  readonly slowdown?: number;
  /** The same row may get another answer each time. */
  readonly nondeterministic?: Nondeterminism;
  /** The serving code multiplies the numbers of a row by this: it takes them for another unit than the model learned from. */
  readonly inputScale?: number;
}

/** An artifact without `inference.json`: nothing is known about its serving code, and it behaves well. */
export const wellBehaved: Inference = { healthy: true, failingShare: 0, baseMs: 8, spreadMs: 8 };

/** FNV-1a with MurmurHash3's finaliser: a uniform value in [0, 1) that depends only on the bytes. */
const uniform = (bytes: Buffer, salt: number): number => {
  let hash = 0x811c9dc5 ^ salt;
  // By index: a Buffer's iterator takes several times as long, and background traffic is most of the simulator's work.
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
};

const json = (
  status: number,
  message: string,
): { readonly status: number; readonly body: Buffer; readonly contentType: string } => ({
  status,
  body: Buffer.from(JSON.stringify({ error: message })),
  contentType: 'application/json',
});

interface Model {
  readonly classes: readonly string[];
  /** @throws {BadPayload} */
  readonly predict: (body: Buffer, contentType: string) => readonly Prediction[];
}

const modelOf = (fitted: Classifier | WordModel, { inputScale = 1 }: Inference): Model =>
  fitted.kind === 'words'
    ? {
        classes: fitted.classes,
        predict: (body, contentType) => readTexts(body, contentType).map((text) => classifyText(fitted, text)),
      }
    : {
        classes: fitted.classes,
        predict: (body, contentType) =>
          readRows(body, contentType, fitted.features.length).map((row) =>
            classify(fitted, inputScale === 1 ? row : row.map((value) => value * inputScale)),
          ),
      };

const serve = (model: Model, inference: Inference, publish: Publish | undefined): Container => {
  const { failsAfter = 0, tailShare = 0, tailMs = 0, slowdown = 1, nondeterministic } = inference;
  const given = nondeterministic === undefined ? undefined : wavering(nondeterministic);
  let answered = 0;
  return {
    ping: () => inference.healthy,
    invoke: (body, contentType, accept) => {
      const leaked = answered++ >= failsAfter;
      const tail = tailShare > 0 && uniform(body, 3) < tailShare ? tailMs : 0;
      // In tenths of a millisecond, so that a minute of traffic has few distinct latencies.
      const usualMs = inference.baseMs + inference.spreadMs * uniform(body, 1) + tail;
      const latencyMs = Math.round(10 * slowdown * usualMs) / 10;
      try {
        const type = answerType(contentType, accept);
        const predictions = model.predict(body, contentType);
        if (leaked && inference.failingShare > 0 && uniform(body, 2) < inference.failingShare)
          return { ...json(500, 'prediction failed'), latencyMs };
        const shown = given === undefined ? predictions : predictions.map(given);
        publish?.(model.classes, shown);
        return { status: 200, ...writePredictions(model, shown, type), latencyMs };
      } catch (error) {
        if (error instanceof BadPayload) return { ...json(error.status, error.message), latencyMs };
        throw error;
      }
    },
  };
};

/** `transform.json`: a step before the model, which keeps the first columns of each CSV row and drops the others. */
interface Transform {
  readonly columns: number;
}

const keepColumns = ({ columns }: Transform): Container => ({
  ping: () => true,
  invoke: (body, contentType) => {
    if (!contentType.startsWith('text/csv')) return { ...json(415, 'expected text/csv'), latencyMs: 1 };
    const rows = body.toString('utf8').split('\n');
    const kept = rows.map((row) => row.split(',').slice(0, columns).join(',')).join('\n');
    return { status: 200, body: Buffer.from(kept), contentType, latencyMs: 1 };
  },
});

/** The numbers of a row that the server takes with these files; undefined: it takes none, or has no model. */
export const rowLength = (files: Archive): number | undefined => {
  try {
    const fitted: Partial<Classifier> = JSON.parse(files.get('model.json')?.toString() ?? '');
    return fitted.kind === 'tree' || fitted.kind === 'forest' ? fitted.features?.length : undefined;
  } catch {
    return undefined;
  }
};

/** Whether the server has a model in these files; without one it never passes its health check. */
export const hasModel = (files: Archive): boolean => {
  if (files.has('transform.json')) return true;
  try {
    const fitted: Partial<Classifier | WordModel> = JSON.parse(files.get('model.json')?.toString() ?? '');
    return fitted.kind === 'tree' || fitted.kind === 'forest' || fitted.kind === 'words';
  } catch {
    return false;
  }
};

/**
 * The model server with this `model.tar.gz` unpacked in /opt/ml/model. It listens on 8080 for GET /ping and POST /invocations in
 * AWS; here the two are methods. An archive without a model starts, but never passes its health check.
 * @throws when `artifact` is not a gzip-compressed tar
 */
export const startContainer = (artifact: Buffer, publish?: Publish): Container =>
  startFiles(readArchive(artifact), publish);

/** The same server with these files in /opt/ml/model, as a prefix or an image brings them. */
export const startFiles = (files: Archive, publish?: Publish): Container => {
  try {
    const transform = files.get('transform.json');
    if (transform !== undefined) return keepColumns(JSON.parse(transform.toString()) as Transform);
    const fitted: Classifier | WordModel = JSON.parse(files.get('model.json')?.toString() ?? '');
    const behaviour = files.get('inference.json');
    const inference = behaviour === undefined ? wellBehaved : (JSON.parse(behaviour.toString()) as Inference);
    return serve(modelOf(fitted, inference), inference, publish);
  } catch {
    return { ping: () => false, invoke: () => ({ ...json(503, 'the model could not be loaded'), latencyMs: 1 }) };
  }
};
