import { regressionPolicy } from '../../../simulator/fixtures/fixtures.ts';
import { rehearsedTeam } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { deliver, delivered, type Expected, firstDeployment } from './scenario.ts';
import { runnerKilled } from './survival.ts';
import { addTest, failed, tested } from './tested.ts';

/** The main story: six releases of one model, one after the other on the same endpoint. */
export interface Act {
  readonly name: string;
  readonly expected: Expected;
  /** See `Scenario`. */
  readonly processes?: string;
  play(stage: Stage): Promise<RehearsedRelease>;
}

export const storyTitle = 'A model is delivered, replaced, and saved from';

export const story: readonly Act[] = [
  {
    name: 'first deployment',
    expected: delivered,
    play: async (stage) => {
      const release = await firstDeployment(stage);
      await stage.startTraffic();
      return release;
    },
  },
  {
    name: 'better version by canary',
    expected: delivered,
    play: (stage) => deliver(stage, 'A better version by canary', '1.1.0'),
  },
  {
    name: 'version with 5 % errors',
    expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
    play: (stage) => deliver(stage, 'A version with 5 % errors by canary', '1.4.0'),
  },
  {
    name: 'version that fails its health check',
    expected: { outcome: 'rolled-back', reasonCode: 'health-check' },
    play: (stage) => deliver(stage, 'A version that fails its health check', '1.5.0'),
  },
  {
    name: 'runner killed mid-canary and re-run',
    expected: delivered,
    processes: 'the runner disappears',
    play: (stage) => runnerKilled(stage, 'A runner killed mid-canary and re-run', '1.3.0'),
  },
  {
    name: 'version that fails its regression test',
    expected: failed,
    // Every answer would be 200, and no alarm would see it: from now on the manifest has a regression test.
    play: async (stage) => {
      addTest(stage, regressionPolicy('iris', 'not-worse'));
      const { release } = await tested(stage, 'A version that takes centimetres for millimetres', '1.8.0');
      await release.end();
      return release;
    },
  },
];

export const storyAbout = `Six releases of ${rehearsedTeam.model} to one SageMaker endpoint, rehearsed in virtual time on a simulated AWS with real models and the real action bundles. Requests come in at ${rehearsedTeam.requestsPerSecond} per second.`;
