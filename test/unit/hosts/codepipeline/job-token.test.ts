import { describe, expect, it } from '@jest/globals';
import { longestToken, readToken, writeToken } from '../../../../src/hosts/codepipeline/job-token.ts';
import { writeMemory } from '../../../../src/memory.ts';
import type { Memory } from '../../../../src/operation.ts';
import { fc } from '../../../support/properties.ts';

const instant = fc.integer({ min: 0, max: 4_102_444_800_000 });
const memory = fc.option(
  fc
    .dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 200 }))
    .map((rest) => JSON.stringify({ ...rest, v: 1 })),
  { nil: undefined },
);

describe('a continuation token', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(
        instant,
        instant,
        fc.boolean(),
        fc.integer({ min: 0, max: 100 }),
        memory,
        fc.option(fc.string({ minLength: 1, maxLength: 600 }), { nil: undefined }),
        (notBefore, startedAt, isPending, percent, kept, evidence) => {
          const token = {
            ...{ notBefore, startedAt, isPending, percent },
            ...(kept === undefined ? {} : { memory: kept }),
            ...(evidence === undefined ? {} : { evidence }),
          };
          expect(readToken(writeToken(token))).toEqual(token);
        },
      ),
    );
  });

  it('has room for the largest memory an operation may have', () => {
    const note = (length: number): Memory => ({ v: 1, note: 'x'.repeat(length) }) as Memory;
    const largest = [...Array(2048).keys()].findLast((length) => {
      try {
        return writeMemory(note(length)).length > 0;
      } catch {
        return false;
      }
    });
    const token = { notBefore: 4_102_444_800_000, startedAt: 4_102_444_800_000, isPending: true, percent: 100 };
    expect(writeToken({ ...token, memory: writeMemory(note(largest ?? 0)) }).length).toBeLessThanOrEqual(longestToken);
    expect(() => writeToken({ ...token, memory: 'x'.repeat(longestToken) })).toThrow(/the continuation token is/);
  });

  it('has no evidence where memory leaves no room for it', () => {
    const token = { notBefore: 1, startedAt: 1, isPending: false, percent: 0 };
    const memory = JSON.stringify({ v: 1, note: 'x'.repeat(1500) });
    const room = longestToken - writeToken({ ...token, memory }).length - 1;
    const fits = { ...token, memory, evidence: 'e'.repeat(room) };
    expect(readToken(writeToken(fits))).toEqual(fits);
    expect(readToken(writeToken({ ...fits, evidence: 'e'.repeat(room + 1) }))).toEqual({ ...token, memory });
  });

  it.each(['', '2.a.b.w0.', '1.a.b', '1.a.b.w0.not memory', '1.a.b.w0.{"v":2}', '{"v":1}', '1.a.b.w0.{"v":1'])(
    'that this version did not write is no token: %j',
    (text) => {
      expect(readToken(text)).toBeUndefined();
    },
  );
});
