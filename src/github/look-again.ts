import { GitHubFailure, isPassing } from './refusal.ts';

/**
 * Creates a thing that GitHub would create twice: after an answer that got lost, looks before another attempt.
 * @param find the thing, if an earlier attempt was carried out
 */
export const createOnce = async <Thing>(
  find: () => Promise<Thing | undefined>,
  create: () => Promise<Thing>,
): Promise<Thing> => {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof GitHubFailure) || !isPassing(error.cause)) throw error;
    return (await find()) ?? (await create());
  }
};
