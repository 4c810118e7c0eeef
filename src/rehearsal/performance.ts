import type { Settings } from '../../simulator/contracts.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { ScenarioVerdict } from './verdict.ts';

/** Where a rehearsal reports. */
export interface Out {
  readonly folder: string;
  say(text: string): void;
  /** Where the rehearsal is now, until the next such line; undefined: nowhere. */
  now?(line: string | undefined): void;
}

/** One scenario, perhaps under another setting than the simulator's own. */
export interface Performance {
  readonly scenario: Scenario;
  readonly flip?: keyof Settings;
}

export interface Played extends Performance {
  readonly verdict: ScenarioVerdict;
  /** Settings that may have made a difference since the judged release began. */
  readonly settingsRead: readonly string[];
}

/** Of a rehearsal of many scenarios. */
export interface Manner {
  /** See `createDriver`. */
  readonly onlyProcesses: boolean;
}
