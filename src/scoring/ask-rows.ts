import { seconds } from '../clock.ts';
import { LostRace } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { keptPieces, piecesOf, rowsOfPiece } from './answers.ts';
import { candidateUp, contentOf, isGone, untilOf } from './candidate-up.ts';
import type { GoldenSet } from './golden-set.ts';
import { jobOf } from './jobs.ts';
import { endWithoutVerdict, noMemory, type Turn, waiting } from './progress.ts';
import { type Scored, score } from './score.ts';
import { silenceOf, silentBecause } from './silence.ts';
import { isAsked, type Standing } from './standing.ts';
import { removeTemporary, underName } from './temporary.ts';
import { writeTest } from './test-record.ts';
import { ensureTransform } from './transform.ts';

/** Gets the answers of both models, by requests and by batch transform, until none is missing. */
export const answered = async (at: Standing): Promise<Turn | undefined> =>
  (await transformedRows(at)) ?? (at.golden === undefined ? undefined : asked(at, at.golden));

/** Runs the batch transform jobs, both at once. */
const transformedRows = async (at: Standing): Promise<Turn | undefined> => {
  const { world, golden, memory, regression } = at;
  const { request } = regression.asking;
  const { attempt = 1 } = memory;
  let waits: Turn | undefined;
  for (const site of [at.candidate, at.baseline]) {
    if (site?.is !== 'transform' || golden === undefined || request === undefined) continue;
    const desired =
      site.model === undefined ? underName(await contentOf(at), memory.temporary ?? '', untilOf(at)) : undefined;
    const state = await ensureTransform(world, jobOf(at, site, attempt), golden, request, desired);
    if (state.is === 'failed') return spent(at, state);
    if (state.is === 'ready') continue;
    const turn = waiting(at, { percent: 10, ...state });
    // What was just made is one change of this turn.
    if (state.notBefore === undefined) return turn;
    waits ??= turn;
  }
  return waits;
};

/** A later run needs another attempt, and so does this one after a run that was cancelled. */
const spent = async (
  at: Standing,
  { because, isStopped }: { readonly because: string; readonly isStopped: boolean },
): Promise<Turn> => {
  const { world, given, memory, releases, id, stored } = at;
  const { attempt = 1 } = memory;
  if (stored !== undefined && (stored.record.spent ?? 0) < attempt)
    try {
      await writeTest(world, releases, { ...stored.record, spent: attempt }, stored.etag);
    } catch (error) {
      if (!(error instanceof LostRace)) throw error;
      return waiting(at, { percent: 10, because: `${error.message}; reading it again` });
    }
  if (!isStopped) return endWithoutVerdict(world, memory, { reason: 'transform-failed', because });
  return (
    (await cleared(at)) ??
    waiting({ world, memory: noMemory(given, id) }, { percent: 10, because: `${because}; another attempt begins` })
  );
};

const asked = async (at: Standing, golden: GoldenSet): Promise<Turn | undefined> => {
  const { world, memory, folder } = at;
  const { attempt = 1 } = memory;
  if (!isAsked(at)) return undefined;
  const kept = await keptPieces(world, folder, attempt);
  if (kept.whole.size >= piecesOf(golden.size)) return undefined;
  const site = await candidateUp(at);
  if (site.is === 'waiting' || site.is === 'done') return site;
  const scored = await score(world, {
    ...at,
    golden,
    candidate: site,
    attempt,
    kept,
    silentSince: memory.silence?.since,
  }).catch((error: unknown) => {
    if (memory.temporary === undefined || !isGone(error)) throw error;
    return undefined;
  });
  if (scored === undefined)
    return waiting(at, { percent: 20, because: `${site.name} is gone: another run of this test was cancelled` });
  const { silence: before, ...rest } = memory;
  const silence = scored.silence && silenceOf(world, before?.since, scored.silence);
  return waiting(
    { ...at, memory: { ...rest, ...withoutUndefined({ silence }) } },
    {
      percent: 20 + Math.floor((70 * scored.whole) / scored.pieces),
      because: `${Math.min(scored.whole * rowsOfPiece, golden.size)} of ${golden.size} rows are answered${silence === undefined ? nextOf(scored) : `; ${silentBecause(silence)}`}`,
      ...(silence || scored.again || scored.waits ? { notBefore: world.clock.now() + seconds(30) } : {}),
    },
  );
};

const nextOf = ({ again, waits }: Scored): string => {
  if (again) return '; some requests got no answer, and are sent again';
  return waits ? '; asynchronous answers are on their way' : '';
};

/** Removes the temporary endpoint, when every answer is there. */
export const cleared = async (at: Standing): Promise<Turn | undefined> => {
  const { world, memory } = at;
  if (memory.temporary === undefined || world.write === undefined) return undefined;
  const step = await removeTemporary(world, memory.temporary);
  return step && waiting(at, { percent: 92, ...step });
};
