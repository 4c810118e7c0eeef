import { afterEach, describe, expect, it } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { seconds } from '../../src/clock.ts';
import { readInputs } from '../../src/hosts/read-inputs.ts';
import { runFrom } from '../../src/hosts/run.ts';
import { openSession, targetOf } from '../../src/hosts/world.ts';
import type { Memory, Operation } from '../../src/operation.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { house as team } from '../../src/rehearsal/manifest.ts';
import { openStage } from '../../src/rehearsal/stage.ts';
import type { Result } from '../../src/report/result.ts';
import { expectHostConformance, type Stage } from '../support/conformance.ts';
import { type House, openHouse } from '../support/house.ts';

/** Every write but those of the release record: how often it is renewed depends on how often somebody looks. */
const writes = (requests: readonly LoggedRequest[]): string[] =>
  requests
    .filter(({ mutation, resource }) => mutation && !resource.endsWith('/record.json'))
    .map(
      ({ service, operation, resource, error }) => `${service}:${operation} ${resource}${error ? ` (${error})` : ''}`,
    );

const callsOf = ({ mutations }: { readonly mutations: readonly string[] }): string[] =>
  mutations.map((mutation) => mutation.split(' ')[0] ?? '');

describe('every operation, however a host drives it, comes to the same end by the same writes', () => {
  const houses: House[] = [];
  const before = { ...process.env };
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close();
    process.env = { ...before };
  });

  const stageOf =
    <Inputs, M extends Memory, Outputs>(
      operation: Operation<Inputs, M, Outputs>,
      prepare: (house: House) => Promise<Readonly<Record<string, string>>>,
    ) =>
    async (): Promise<Stage<Inputs, M, Outputs>> => {
      const house = await openHouse();
      houses.push(house);
      // The default credential chain is the SDK's own and reads the process's environment.
      Object.assign(process.env, house.simulator.environment());
      const given: Readonly<Record<string, string>> = {
        manifest: house.manifest,
        environment: team.environment,
        ...(await prepare(house)),
      };
      const inputs = readInputs(operation.inputs, (name) => given[name]);
      const clock = house.simulator.driver;
      const session = await openSession({
        target: targetOf(inputs),
        env: house.environment,
        run: runFrom(house.environment, 'github-actions'),
        clock,
        dryRun: false,
        signal: new AbortController().signal,
      });
      const asked = house.watch();
      return {
        operation: () => operation,
        inputs,
        clock,
        worldFor: session.worldFor,
        mutations: () => writes(asked()),
      };
    };

  it('register-model', async () => {
    const agreed = await expectHostConformance(stageOf(registerModel, async (house) => house.registration('1.0.0')));
    expect(agreed.reason).toBe('registered');
    expect(callsOf(agreed)).toContain('sagemaker:CreateModelPackage');
  });

  it('approve-gate', async () => {
    const stage = stageOf(approveGate, async (house) => {
      await house.prepare('1.0.0');
      return { version: '1.0.0' };
    });
    expect(await expectHostConformance(stage)).toMatchObject({ reason: 'approved', mutations: [] });
  });

  it.each([2, 6])('deploy-endpoint, the first time, forgetting after turn %i', async (forgetAfter) => {
    const stage = stageOf(deployEndpoint, async (house) => {
      await house.prepare('1.0.0');
      return { version: '1.0.0' };
    });
    const agreed = await expectHostConformance(stage, { forgetAfter });
    expect(agreed.reason).toBe('delivered');
    expect(callsOf(agreed)).toEqual(
      expect.arrayContaining(['sagemaker:CreateModel', 'sagemaker:CreateEndpointConfig', 'sagemaker:CreateEndpoint']),
    );
  });

  it.each([12])('deploy-endpoint by canary, forgetting after turn %i', async (forgetAfter) => {
    const stage = stageOf(deployEndpoint, async (house) => {
      await house.inProduction('1.0.0');
      await house.prepare('1.1.0');
      return { version: '1.1.0' };
    });
    const agreed = await expectHostConformance(stage, { forgetAfter });
    expect(agreed.reason).toBe('delivered');
    expect(callsOf(agreed).filter((call) => call === 'sagemaker:UpdateEndpoint')).toHaveLength(1);
  });

  it('rollback', async () => {
    const stage = stageOf(rollback, async (house) => {
      await house.inProduction('1.0.0');
      await house.inProduction('1.1.0');
      return {};
    });
    const agreed = await expectHostConformance(stage, { forgetAfter: 3 });
    expect(agreed.reason).toBe('restored');
    expect(callsOf(agreed)).toContain('sagemaker:UpdateEndpoint');
  });
});

describe('the bundle, in one process or in a process for every wait', () => {
  const deliver = async (alone: boolean) => {
    const stage = await openStage();
    try {
      const release = await stage.begin('first deployment', '1.0.0');
      await release.prepare();
      const from = stage.simulator.requests.length;
      let step = await release.run('deploy-endpoint', alone ? {} : { wait: 'false', 'on-pending': 'continue' });
      let processes = 1;
      for (; step.outputs['outcome'] === 'pending'; processes++) {
        expect(step.exit.code).toBe(0);
        await stage.driver.until(stage.driver.now() + seconds(30));
        step = await release.run('deploy-endpoint', {
          wait: 'false',
          'on-pending': 'continue',
          'resume-token': step.outputs['resume-token'] ?? '',
        });
      }
      const { outcome, outputs } = JSON.parse(step.outputs['result'] ?? '') as Result;
      return { end: { outcome, outputs, writes: writes(stage.simulator.requests.slice(from)) }, processes };
    } finally {
      await stage.close();
    }
  };

  it('deploys the same', async () => {
    const [one, many] = [await deliver(true), await deliver(false)];
    expect(one).toMatchObject({ processes: 1, end: { outcome: 'succeeded' } });
    expect(many.processes).toBeGreaterThan(3);
    expect(many.end).toEqual(one.end);
  });
});
