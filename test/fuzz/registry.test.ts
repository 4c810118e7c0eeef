import { expect, test } from '@jest/globals';
import { readMemory, writeMemory } from '../../src/memory.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { type RegisterModelMemory, registerModel } from '../../src/operations/register-model.ts';
import { contentDigest } from '../../src/registry/content.ts';
import { verifyContent } from '../../src/registry/verify-content.ts';
import { failureOf } from '../../src/report/failure.ts';
import { InputError } from '../../src/schema.ts';
import { budget, junk, mutated, mutatedText } from '../support/fuzz.ts';
import { fc } from '../support/properties.ts';
import { account, artifactUri, findVersion, imageDigest, inputs, manifest } from '../support/registration.ts';
import type { RegistryAws } from '../support/registry-aws.ts';
import { runTurns } from '../support/run-turns.ts';

/** Registered and approved, for packages to be made from. */
const registered = async (): Promise<RegistryAws> => {
  const aws = account();
  await runTurns(registerModel, inputs({ metadata: { dataset: 'churn-2026' } }), aws.world());
  const [first] = aws.packages;
  if (first === undefined) throw new Error('nothing was registered');
  first.approval = 'Approved';
  return aws;
};

const expectNamed = (error: unknown): void => {
  const { reason, because } = failureOf(error);
  if (reason === 'internal-error') throw error;
  expect(because.length).toBeLessThan(20_000);
};

/** Members of a package, as a registry might answer them that others write into, too. */
interface Answered {
  readonly input: Record<string, unknown>;
  readonly approval: string;
  readonly status: string;
}

test('the metadata of a package: the gate opens for an approved, completed package and for no other', async () => {
  const aws = await registered();
  const [first] = aws.packages;
  if (first === undefined) throw new Error('nothing was registered');
  const base = { input: first.input, approval: first.approval, status: first.status };
  await fc.assert(
    fc.asyncProperty(mutated(base), async (given) => {
      const answered = (typeof given === 'object' && given !== null ? given : {}) as Partial<Answered>;
      const input = (typeof answered.input === 'object' && answered.input !== null ? answered.input : {}) as object;
      aws.packages.splice(0, aws.packages.length, {
        ...first,
        input: { ...input, ModelPackageGroupName: 'churn' },
        approval: answered.approval as string,
        status: answered.status as string,
      });
      const world = aws.world();
      try {
        const end = await approveGate.advance(
          { manifest, environment: 'staging', version: '1.4.0', mode: 'check' },
          undefined,
          world,
        );
        if (end.is === 'done' && end.outcome === 'succeeded') {
          expect(answered.approval).toBe('Approved');
          expect(answered.status).toBe('Completed');
        }
      } catch (error) {
        expectNamed(error);
      }
    }),
    budget(),
  );
});

test('the content of a package: what is deployed has the digests that were registered', async () => {
  const aws = await registered();
  const [first] = aws.packages;
  if (first === undefined) throw new Error('nothing was registered');
  await fc.assert(
    fc.asyncProperty(mutated(first.input), async (given) => {
      const input = (typeof given === 'object' && given !== null ? given : {}) as object;
      aws.packages.splice(0, aws.packages.length, { ...first, input: { ...input, ModelPackageGroupName: 'churn' } });
      const world = aws.world();
      try {
        const found = await findVersion(world, 'churn', '1.4.0');
        if (found === undefined || (await verifyContent(world, found)) !== undefined) return;
        // Accepted: then all that would be deployed makes the digest that was written down.
        const { containers, inferenceSpecification, artifactSha256 } = found;
        const content = {
          containers,
          inferenceSpecification,
          ...(artifactSha256 === undefined ? {} : { artifactSha256 }),
        };
        expect(found.contentDigest).toBe(contentDigest(content));
        if (found.unpinned.length === 0)
          expect(containers.map(({ Image }) => Image?.endsWith(`@${imageDigest}`))).toEqual([true]);
      } catch (error) {
        expectNamed(error);
      }
    }),
    budget(),
  );
});

test('memory of a registration: forged or stale, it ends as none does', async () => {
  const whole = await registered();
  const expected = JSON.stringify(whole.packages[0]?.input);
  const first = await registerModel.advance(inputs(), undefined, account().world({ dryRun: true }));
  if (first.is !== 'waiting') throw new Error('it ended before it began');
  const text = writeMemory({
    ...first.memory,
    pins: { imageDigest, sha256: 'ab'.repeat(32), etag: '"x"' },
  } as RegisterModelMemory);
  const token = fc.oneof(
    mutated(JSON.parse(text)).map((value) => JSON.stringify(value) ?? ''),
    mutatedText(text),
    fc
      .dictionary(fc.constantFrom('v', 'of', 'pins', 'copied', 'creations', 'release'), junk)
      .map((value) => JSON.stringify({ ...value, v: 1 })),
  );
  await fc.assert(
    fc.asyncProperty(token, fc.boolean(), async (given, moved) => {
      const aws = account();
      if (moved) aws.put(artifactUri, 'another model');
      const none = account();
      if (moved) none.put(artifactUri, 'another model');
      let memory: RegisterModelMemory;
      try {
        memory = readMemory(given, 'resume-token');
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return;
      }
      // A count that is forged high enough ends the run red: it makes nothing green.
      const requested = inputs({ metadata: { dataset: 'churn-2026' } });
      const world = aws.world();
      let progress = await registerModel.advance(requested, memory, world);
      for (let turn = 0; turn < 20 && progress.is === 'waiting'; turn++)
        progress = await registerModel.advance(requested, progress.memory, world);
      await runTurns(registerModel, requested, none.world());
      if (progress.is === 'done' && progress.outcome !== 'succeeded') {
        expect(progress.reason).toBe('registration-failed');
        expect(aws.packages).toEqual([]);
        return;
      }
      expect(progress).toMatchObject({ is: 'done', outcome: 'succeeded', reason: 'registered' });
      expect(aws.packages.map(({ input }) => input)).toEqual(none.packages.map(({ input }) => input));
      if (!moved) expect(JSON.stringify(aws.packages[0]?.input)).toBe(expected);
    }),
    budget(),
  );
});
