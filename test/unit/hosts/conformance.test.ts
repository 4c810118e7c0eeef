import { describe, expect, it } from '@jest/globals';
import type { Memory } from '../../../src/operation.ts';
import { expectHostConformance } from '../../support/conformance.ts';
import { countingOperation, type FakeEndpoint } from '../../support/fake-operation.ts';
import { fakeWorld } from '../../support/fake-world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const inputs = { subject: 'sheep', pace: 'slow', loud: false, note: undefined } as const;

const stage = (before?: (fakeEndpoint: FakeEndpoint, turn: number) => void) => () => {
  const fakeEndpoint: FakeEndpoint = { count: 0, mutations: [] };
  const clock = virtualClock();
  let turns = 0;
  return {
    operation: () => countingOperation(fakeEndpoint, before ? { before: () => before(fakeEndpoint, ++turns) } : {}),
    inputs,
    clock,
    worldFor: (signal: AbortSignal) => fakeWorld(clock, signal),
    mutations: () => fakeEndpoint.mutations,
  };
};

describe('host conformance', () => {
  it('holds for an operation that looks at the far side', async () => {
    await expectHostConformance(stage());
  });

  it('notices an operation that keeps something between turns besides its memory', async () => {
    let kept = 0;
    const forgetful = () => {
      const scene = stage()();
      const original = scene.operation;
      return {
        ...scene,
        operation: () => {
          const operation = original();
          kept = 0;
          return {
            ...operation,
            advance: async (
              given: typeof inputs,
              memory: (Memory & { readonly seen: number }) | undefined,
              world: ReturnType<typeof fakeWorld>,
            ) => {
              if (kept++ === 3) throw new Error('only ever in one process');
              return operation.advance(given, memory, world);
            },
          };
        },
      };
    };
    await expect(expectHostConformance(forgetful)).rejects.toThrow('toEqual');
  });
});
