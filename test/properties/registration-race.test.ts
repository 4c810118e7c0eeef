import { describe, expect, test } from '@jest/globals';
import { registerModel } from '../../src/operations/register-model.ts';
import type { RegisterModelInputs } from '../../src/operations/register-model-inputs.ts';
import { parseEvaluation } from '../../src/registry/evaluation.ts';
import { fc } from '../support/properties.ts';
import { account, artifactUri, findVersion, inputs, repository } from '../support/registration.ts';
import { type Around, awsError, type RegistryAws } from '../support/registry-aws.ts';
import { runTurns, type TurnsRun } from '../support/run-turns.ts';

type Run = { readonly name: string; readonly inputs: RegisterModelInputs };
const evaluation = parseEvaluation('{}', 'evaluation.json');
const first: Run = { name: 'first', inputs: inputs({ evaluation }) };
const other: Run = { name: 'other', inputs: inputs({ evaluation, image: `${repository}:other` }) };

/** Either how it ended, or why it refused to begin. */
const endOf = async (run: Promise<TurnsRun<unknown>>): Promise<string> => {
  try {
    return (await run).end.reason;
  } catch (error) {
    if (error instanceof Error && 'reason' in error) return String(error.reason);
    throw error;
  }
};

/** Packages that carry the version and could be taken for it. */
const standing = (aws: RegistryAws) => aws.packages.filter((one) => one.approval !== 'Rejected');

/** Both runs at once, every call at the moment the scheduler picks. */
const race = async (scheduler: fc.Scheduler, aws: RegistryAws, runs: readonly Run[]) => {
  const around =
    (name: string): Around =>
    (operation, carryOut) =>
      scheduler.schedule(Promise.resolve(), `${name} ${operation}`).then(carryOut);
  return scheduler.waitFor(
    Promise.all(
      runs.map(({ name, inputs: requested }) =>
        endOf(runTurns(registerModel, requested, aws.world({ run: { url: name }, around: around(name) }))),
      ),
    ),
  );
};

describe.each(['remembered', 'forgotten'] as const)(
  'two registrations of one version at once, client tokens %s',
  (tokens) => {
    test('with different content: the lowest package owns it, one run succeeds, the other says who was first', async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const aws = account({ tokens });
          const ends = await race(scheduler, aws, [first, other]);
          expect([...ends].sort()).toEqual(['registered', 'version-taken']);
          expect(standing(aws).map((one) => one.number)).toEqual([1]);
          const owner = await findVersion(aws.world(), 'churn', '1.4.0');
          expect(owner).toMatchObject({ packageVersion: 1, approval: 'PendingManualApproval' });
          const winner = ends[0] === 'registered' ? first : other;
          expect(await endOf(runTurns(registerModel, winner.inputs, aws.world()))).toBe('already-registered');
        }),
        { numRuns: 150 },
      );
    });

    test('with the same content: both succeed with the same package', async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const aws = account({ tokens });
          const ends = await race(scheduler, aws, [first, { ...first, name: 'again' }]);
          for (const end of ends) expect(['registered', 'already-registered']).toContain(end);
          expect(standing(aws).map((one) => one.number)).toEqual([1]);
        }),
        { numRuns: 150 },
      );
    });
  },
);

describe('a run that dies', () => {
  const final = (aws: RegistryAws) => ({
    groups: [...aws.groups],
    packages: aws.packages.map(({ number, approval, input }) => ({ number, approval, input })),
    objects: [...aws.objects.keys()].sort(),
  });
  /** Dies at the `n`th write: before it, or after it was carried out and before its answer. */
  const dying = (n: number, when: 'before' | 'after'): Around => {
    let writes = 0;
    return async (operation, carryOut) => {
      if (!/^(Create|Copy|Put|Update)/.test(operation) || ++writes !== n) return carryOut();
      if (when === 'after') carryOut();
      throw awsError('TimeoutError', 'socket hang up');
    };
  };
  const requested = first.inputs;

  test.each([1, 2, 3, 4].flatMap((n) => (['before', 'after'] as const).map((when) => [when, n] as const)))(
    '%s its write %i and is run again ends as if it had not',
    async (when, n) => {
      const whole = account();
      await runTurns(registerModel, requested, whole.world());

      const aws = account();
      await expect(runTurns(registerModel, requested, aws.world({ around: dying(n, when) }))).rejects.toThrow(
        'socket hang up',
      );
      const { end } = await runTurns(registerModel, requested, aws.world());
      expect(end.outcome).toBe('succeeded');
      expect(final(aws)).toEqual(final(whole));
    },
  );

  test('after it registered too late is cleaned up by its re-run', async () => {
    const aws = account({ tokens: 'forgotten' });
    // The other run registers between this one's last look and its creation; this one dies before it can reject its own.
    let creations = 0;
    const around: Around = async (operation, carryOut) => {
      if (operation === 'UpdateModelPackage') throw awsError('TimeoutError', 'killed');
      if (operation === 'CreateModelPackage' && ++creations === 1)
        await runTurns(registerModel, first.inputs, aws.world());
      return carryOut();
    };
    await expect(runTurns(registerModel, other.inputs, aws.world({ around }))).rejects.toThrow('killed');
    expect(standing(aws).map((one) => one.number)).toEqual([1, 2]);

    const planned = await registerModel.advance(other.inputs, undefined, aws.world({ dryRun: true }));
    expect(planned.plan?.changes).toEqual([
      { verb: 'update', object: 'model package 2', details: ['approval: PendingManualApproval → Rejected'] },
    ]);
    expect((await runTurns(registerModel, other.inputs, aws.world())).end).toMatchObject({
      outcome: 'failed',
      reason: 'version-taken',
      because: expect.stringContaining('as package 1'),
    });
    expect(aws.packages[1]).toMatchObject({
      approval: 'Rejected',
      approvalDescription: 'churn_v1.4.0 is package 1; package 2 came later',
    });
  });

  test('and whose memory is thrown away between any two turns still makes one package', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), async (forgets) => {
        const aws = account();
        const world = aws.world();
        let memory: Parameters<typeof registerModel.advance>[1];
        for (const forget of [...forgets, ...Array<boolean>(8).fill(false)]) {
          const turn = await registerModel.advance(requested, forget ? undefined : memory, world);
          if (turn.is === 'done') expect(turn.outcome).toBe('succeeded');
          memory = turn.is === 'waiting' ? turn.memory : undefined;
        }
        expect(aws.packages).toHaveLength(1);
        expect(aws.writes()).toEqual(['CreateModelPackageGroup', 'CopyObject', 'PutObject', 'CreateModelPackage']);
        expect(aws.objects.get(artifactUri)?.body).toBe('the model');
      }),
    );
  });
});

test('a package that SageMaker accepts and never lists ends the run', async () => {
  const aws = account();
  const world = aws.world({
    around: async (operation, carryOut) => (operation === 'CreateModelPackage' ? {} : carryOut()),
  });
  const start = world.clock.now();
  const { end } = await runTurns(registerModel, first.inputs, world);
  expect(end).toMatchObject({ outcome: 'failed', reason: 'registration-failed' });
  expect(world.clock.now() - start).toBe(4 * 30_000);
});
