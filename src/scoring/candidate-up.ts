import { withoutUndefined } from '../without-undefined.ts';
import { endWithoutVerdict, type Turn, waiting } from './progress.ts';
import type { Site } from './site.ts';
import { endpointEnvironment, type Standing } from './standing.ts';
import { ensureTemporary, longestTest, type TemporaryContent, underName } from './temporary.ts';
import { temporaryContent } from './temporary-content.ts';

/** Where the candidate answers; its temporary endpoint is made where it is missing. */
export const candidateUp = async (at: Standing): Promise<Site | Turn> => {
  const { world, memory } = at;
  if (at.candidate !== undefined) return at.candidate;
  if (memory.temporary === undefined) throw new Error('the candidate has no place where it answers');
  const state = await ensureTemporary(world, underName(await contentOf(at), memory.temporary, untilOf(at)));
  if (state.is === 'working') return waiting(at, { percent: 10, ...state });
  if (state.is === 'failed')
    return endWithoutVerdict(world, memory, { reason: 'creation-failed', because: state.because });
  return state.site;
};

/** Of the model and the endpoint that are made for the test. */
export const contentOf = (at: Standing): Promise<TemporaryContent> => {
  const { candidate } = at.regression.asking;
  return temporaryContent(at.world, {
    model: at.given.manifest.model,
    environment: endpointEnvironment(at),
    registered: at.registered,
    look: at.look,
    record: at.record,
    answers: `s3://${at.folder.bucket}/${at.folder.prefix}async/`,
    ...withoutUndefined({ instance: candidate.is === 'temporary' ? candidate.instance : undefined }),
  });
};

/** The time in the tag, from which on a sweep may remove what a killed run left. */
export const untilOf = ({ world }: Standing): number => world.clock.now() + longestTest;

/** The Runtime's answer for an endpoint that does not exist (AWS: InvokeEndpoint, ValidationError). */
export const isGone = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ValidationError' && /^Endpoint .* not found/.test(error.message);
