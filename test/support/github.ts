import type { Clock } from '../../src/clock.ts';
import type { GitHub, GitHubWrites } from '../../src/github/github.ts';
import { openGitHub } from '../../src/github/open-github.ts';
import type { FakeGitHub } from '../github/fake-github.ts';
import { virtualClock } from './virtual-clock.ts';

/** The room's GitHub over the fake one. */
export const roomOf = (
  { repository: name, token, url: apiUrl }: Pick<FakeGitHub, 'repository' | 'token' | 'url'>,
  clock: Clock = virtualClock(),
  signal?: AbortSignal,
): GitHub & { readonly write: GitHubWrites } => openGitHub({ name, token, apiUrl }, clock).within(signal);
