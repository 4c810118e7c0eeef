import { expect, test } from '@jest/globals';
import { readInputs } from '../../src/hosts/read-inputs.ts';
import { runFrom } from '../../src/hosts/run.ts';
import { openSession, targetOf } from '../../src/hosts/world.ts';
import type { Memory, Operation } from '../../src/operation.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { house, rollouts } from '../../src/rehearsal/manifest.ts';
import { atRest } from '../support/at-rest.ts';
import { expectHostConformance, type Stage } from '../support/conformance.ts';
import { type House, openHouse } from '../support/house.ts';

const allAtOnce = (text: string): string =>
  text.replace(rollouts.canary.split(', ').join('\n      '), rollouts.allAtOnce.split(', ').join('\n      '));

interface Case<I, M extends Memory, O> {
  readonly operation: Operation<I, M, O>;
  readonly before: (team: House) => Promise<void>;
  readonly inputs: (team: House) => Readonly<Record<string, string>>;
}

/** A fresh account for every way of driving. */
const stageOf = async <I, M extends Memory, O>({
  operation,
  before,
  inputs,
}: Case<I, M, O>): Promise<Stage<I, M, O>> => {
  const team = await openHouse();
  await before(team);
  const { simulator, environment, manifest } = team;
  const written: Readonly<Record<string, string>> = {
    manifest,
    environment: house.environment,
    ...inputs(team),
  };
  const values = readInputs(operation.inputs, (name) => written[name]);
  const run = runFrom(environment, 'github-actions');
  const session = await openSession({
    target: targetOf(values),
    env: environment,
    run,
    clock: simulator.driver,
    dryRun: false,
    signal: new AbortController().signal,
  });
  const seen = team.watch();
  return {
    operation: () => operation,
    inputs: values,
    clock: simulator.driver,
    worldFor: session.worldFor,
    // The record and its journal are written as often as turns are taken.
    mutations: () =>
      seen()
        .filter(
          ({ mutation, service, resource }) => mutation && !(service === 's3' && /record\.json|journal/.test(resource)),
        )
        .map(({ service, operation: name, resource }) => `${service} ${name} ${resource}`),
    shows: () => (team.hasEndpoint() ? atRest(team) : Promise.resolve(undefined)),
    close: team.close,
  };
};

const producing = async (team: House, version: '1.1.0' | '1.4.0'): Promise<void> => {
  await team.inProduction('1.0.0');
  await team.prepare(version);
};

const cases = {
  'register-model': {
    operation: registerModel,
    ends: 'succeeded/registered',
    before: async () => {},
    inputs: (team: House) => team.registration('1.0.0'),
  },
  'approve-gate': {
    operation: approveGate,
    ends: 'succeeded/approved',
    before: (team: House) => team.prepare('1.0.0'),
    inputs: () => ({ version: '1.0.0' }),
  },
  'deploy-endpoint, a good version by canary': {
    operation: deployEndpoint,
    ends: 'succeeded/delivered',
    before: (team: House) => producing(team, '1.1.0'),
    inputs: () => ({ version: '1.1.0' }),
  },
  'deploy-endpoint, a bad version all at once, taken back by its alarm': {
    operation: deployEndpoint,
    ends: 'rolled-back/alarm',
    before: async (team: House) => {
      await producing(team, '1.4.0');
      team.writeManifest(allAtOnce);
    },
    inputs: () => ({ version: '1.4.0' }),
  },
  rollback: {
    operation: rollback,
    ends: 'succeeded/restored',
    before: async (team: House) => {
      await producing(team, '1.1.0');
      await team.run(deployEndpoint, { version: '1.1.0' });
    },
    inputs: () => ({ because: 'gardeners complain' }),
  },
} as const;

test.each(Object.entries(cases))(
  '%s ends the same in one loop, turn by turn, and without memory',
  async (name, kind) => {
    const { outcome, reason, mutations } = await expectHostConformance(
      () => stageOf(kind as Case<unknown, Memory, unknown>),
      { forgetAfter: 'every turn', ...(name === 'register-model' ? { foundAgain: 'already-registered' } : {}) },
    );
    expect(`${outcome}/${reason}`).toBe(kind.ends);
    expect(mutations.length > 0).toBe(name !== 'approve-gate');
  },
  60_000,
);
