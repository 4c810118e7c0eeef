import { type FakeGitHub, type FakeGitHubOptions, startGitHub } from '../../simulator/github/server.ts';
import { inspector } from './contract.ts';

export type { FakeGitHub, FakeGitHubOptions } from '../../simulator/github/server.ts';

/** The simulator's GitHub, with each request and each of its own answers checked against GitHub's OpenAPI description. */
export const startFakeGitHub = (options: FakeGitHubOptions = {}): Promise<FakeGitHub> =>
  startGitHub({ ...options, inspector });
