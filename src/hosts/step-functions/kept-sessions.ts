import { minutes } from '../../clock.ts';
import { canonical, sha256 } from '../../digest.ts';
import type { OpenSession, Session } from '../../session/session.ts';

/** Long enough for a turn that gets every third of its requests through, and a small part of the life of a function. */
const budgetMs = minutes(3);

/** More places than a fleet has; a function that serves several fleets forgets the oldest. */
const most = 50;

/**
 * Sessions that one process of the function keeps from turn to turn. A thousand endpoints with the same role would otherwise assume it once a turn each:
 * STS has limits, too. The credentials of a kept session are renewed like those of any other.
 * @param answered called for each request that SageMaker has answered for a session's own account
 */
export const keptSessions = (open: OpenSession, answered: () => void): OpenSession => {
  const kept = new Map<string, Promise<Session>>();
  return async (request) => {
    const { target, run, workspace, dryRun } = request;
    const key = canonical({ ...target, endpoint: target.endpoint?.executionRole, holder: run.holder, dryRun });
    const known = kept.get(key);
    // A kept session outlives the turn that opened it, and so must its signal.
    const random = jitterFrom(`${target.endpoint?.name} ${request.clock.now()}`);
    const opening =
      known ?? open({ ...request, sharing: { random, budgetMs, answered }, signal: new AbortController().signal });
    kept.delete(key);
    kept.set(key, opening);
    for (const oldest of kept.keys()) if (kept.size > most) kept.delete(oldest);
    let session: Session;
    try {
      session = await opening;
    } catch (error) {
      if (kept.get(key) === opening) kept.delete(key);
      throw error;
    }
    return {
      ...session,
      worldFor: (signal) => {
        // Another process may write the next part of a release's journal: none remembers it.
        const { session: _session, ...world } = session.worldFor(signal);
        return { ...world, run, workspace };
      },
    };
  };
};

/** The processes of the function meet one limit at the same time, and must not try again at the same time. Numbers in [0, 1) that follow from the text. */
const jitterFrom = (text: string): (() => number) => {
  let state = sha256(text);
  return () => {
    state = sha256(state);
    return Number.parseInt(state.slice(0, 8), 16) / 2 ** 32;
  };
};
